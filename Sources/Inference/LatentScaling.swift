package import DCAENetwork
package import ModelZoo

extension FloatTensor {
    /// Makes of an encoder's latent what a diffusion model sees.
    package mutating func normalize(by normalization: LatentNormalization) {
        let factor = Float(normalization.factor ?? 1)
        each(normalization) { value, centre, deviation in
            deviation == 1 ? (value - centre) * factor : (value - centre) / deviation * factor
        }
    }

    /// Makes of what a diffusion model sees the latent that a decoder takes.
    package mutating func denormalize(by normalization: LatentNormalization) {
        let factor = Float(normalization.factor ?? 1)
        each(normalization) { value, centre, deviation in
            deviation == 1 ? value / factor + centre : value / factor * deviation + centre
        }
    }

    /// The same, normalised.
    package func normalized(by normalization: LatentNormalization) -> FloatTensor {
        var result = self
        result.normalize(by: normalization)
        return result
    }

    /// Changes every value, given what is subtracted from its channel and what it is divided by.
    private mutating func each(_ normalization: LatentNormalization, _ change: (Float, Float, Float) -> Float) {
        let area = height * width
        for plane in 0..<(batch * channels) {
            let channel = plane % channels
            let centre = Float(normalization.means.map { $0[channel] } ?? normalization.shift ?? 0)
            let deviation = Float(normalization.standardDeviations.map { $0[channel] } ?? 1)
            for index in (plane * area)..<((plane + 1) * area) {
                values[index] = change(values[index], centre, deviation)
            }
        }
    }
}
