package import DCAENetwork
package import Images
package import Inference
internal import Kernels
package import TensorCore

/// What weights of a lower precision cost, on one image: the model against itself with its weights rounded.
package struct CastDamage: Sendable {
    /// A format that weights are rounded to.
    package enum Format: String, Sendable, CaseIterable {
        case fp16, bf16
        case fp8E4M3 = "fp8-e4m3"
        /// Every weight with a scale of its own, as ComfyUI's `scaled_fp8` files have it.
        case fp8E4M3Scaled = "fp8-e4m3-scaled"

        package var dtype: DType {
            switch self {
            case .fp16: .f16
            case .bf16: .bf16
            case .fp8E4M3, .fp8E4M3Scaled: .f8E4M3
            }
        }

        package var isScaled: Bool { self == .fp8E4M3Scaled }
    }

    package let format: Format
    /// The latent of the rounded model against the model's own.
    package let latent: ValueDistance
    /// The sample, decoded from the rounded model's own latent.
    package let sample: ValueDistance
    /// The picture against the picture that the model makes as it is.
    package let quality: PictureQuality?
    /// The layer that is farthest off, where each engine goes on with its own values: the first that puts out NaN or infinity,
    /// where one does.
    package let worst: NumericsReport.Layer?
    /// What the cast lost, by parameter.
    package let losses: [AutoencoderDC.WeightLoss]

    /// All that the cast lost.
    package var lost: CastReport { losses.reduce(into: CastReport()) { $0 += $1.report } }

    /// Measures formats on an image.
    ///
    /// - Parameters:
    ///   - place: the file that the image is from.
    ///   - done: called after each run of a network.
    package static func measure(
        _ model: LoadedModel,
        _ image: FloatTensor,
        as formats: [Format],
        from place: String,
        done: () -> Void
    ) throws -> [CastDamage] {
        let own = try Pass(model.network, image, model, place)
        done()
        return try formats.map { format in
            let (rounded, losses) = try model.run(place) { network throws(NetworkError) in
                try network.rounded(to: format.dtype, scaled: format.isScaled)
            }
            let other = try Pass(rounded, image, model, place)
            done()
            let isPicture = image.batch == 1 && own.sample.channels == 3
            return CastDamage(
                format: format,
                latent: distance(other.latent, own.latent),
                sample: distance(other.sample, own.sample),
                quality: isPicture
                    ? PictureQuality(of: other.sample.picture(), comparedTo: own.sample.picture()) : nil,
                worst: worst(own.layers, other.layers),
                losses: losses
            )
        }
    }

    /// A model's own run of an image, there and back.
    private struct Pass {
        let latent: FloatTensor
        let sample: FloatTensor
        let layers = LayerStore()

        init(_ network: AutoencoderDC, _ image: FloatTensor, _ model: LoadedModel, _ place: String) throws {
            let layers = layers
            (latent, sample) = try model.run(place) { _ throws(NetworkError) in
                let observe = { (name: String, image: Rows, rows: Range<Int>) throws(KernelError) in
                    try layers.take(name, image, rows)
                }
                let latent = try network.observed(.encode, image, observe: observe)
                return (latent, try network.observed(.decode, latent, observe: observe))
            }
        }
    }

    private static func distance(_ a: FloatTensor, _ b: FloatTensor) -> ValueDistance {
        var distance = ValueDistance()
        for (found, expected) in zip(a.values, b.values) { distance.add(Double(found), Double(expected)) }
        return distance
    }

    private static func worst(_ own: LayerStore, _ other: LayerStore) -> NumericsReport.Layer? {
        var worst: NumericsReport.Layer?
        for name in own.names {
            guard let output = other[name], let expected = own[name], let distance = output.distance(from: expected)
            else { continue }
            if let worst, !distance.isWorse(than: worst.distance) { continue }
            let size = [expected.height, expected.width, expected.channels]
            worst = NumericsReport.Layer(name: name, size: size, distance: distance)
        }
        return worst
    }
}

/// The values between layers that a format does not hold.
package struct ActivationRange: Sendable {
    /// The layer that puts them out.
    package let layer: String
    /// The largest magnitude.
    package let largest: Float
    /// How many values there are, how many become infinite in the format, and how many zero.
    package let count: Int
    package let lost: CastReport

    /// Runs an image there and back, and looks at what every layer puts out.
    package static func measure(
        _ model: LoadedModel,
        _ image: FloatTensor,
        in dtype: DType,
        from place: String
    ) throws -> [ActivationRange] {
        let collector = Collector(dtype)
        _ = try model.run(place) { network throws(NetworkError) in
            let observe = { (name: String, image: Rows, rows: Range<Int>) throws(KernelError) in
                for y in rows { collector.add(name, image.pixels(ofRow: y), width: image.width, image.channels) }
            }
            return try network.observed(
                .decode,
                try network.observed(.encode, image, observe: observe),
                observe: observe
            )
        }
        return collector.layers
    }

    private final class Collector {
        let dtype: DType
        private(set) var layers: [ActivationRange] = []
        private var indices: [String: Int] = [:]

        init(_ dtype: DType) { self.dtype = dtype }

        func add(_ name: String, _ pixels: UnsafeBufferPointer<Float>, width: Int, _ channels: Int) {
            let target = Buffer(count: pixels.count * (dtype.byteCount ?? 4))
            let report = NumberFormat.convert(UnsafeRawBufferPointer(pixels), from: .f32, into: target.bytes, to: dtype)
            let most = pixels.reduce(0) { max($0, $1.magnitude) }
            let index = indices[name] ?? layers.count
            indices[name] = index
            if index == layers.count {
                layers.append(ActivationRange(layer: name, largest: 0, count: 0, lost: CastReport()))
            }
            let before = layers[index]
            var lost = before.lost
            lost += report ?? CastReport()
            layers[index] = ActivationRange(
                layer: name,
                largest: max(before.largest, most),
                count: before.count + width * channels,
                lost: lost
            )
        }
    }
}
