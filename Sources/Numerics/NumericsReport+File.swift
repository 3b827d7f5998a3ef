package import CheckpointIO
internal import DCAENetwork
internal import Files
internal import ReferenceNetwork
internal import TensorCore

extension NumericsReport {
    /// Writes the inputs and results of both engines into a safetensors file: `image`, `latent` and `sample` in float32,
    /// `reference.latent` and `reference.sample` in float64. The latent is what both decoded.
    package func save(to path: String, force: Bool = false) throws(CheckpointError) {
        let floats: [(String, [Int], [Float])] = [
            ("image", encoder.input.dimensions, encoder.input.values),
            ("latent", encoder.fast.dimensions, encoder.fast.values),
            ("sample", decoder.fast.dimensions, decoder.fast.values),
        ]
        let doubles: [(String, DoubleTensor)] = [
            ("reference.latent", encoder.reference), ("reference.sample", decoder.reference),
        ]
        let layout = SafetensorsLayout(
            floats.map { TensorDescriptor(name: $0.0, dtype: .f32, shape: Shape($0.1)) }
                + doubles.map { TensorDescriptor(name: $0.0, dtype: .f64, shape: Shape($0.1.dimensions)) },
            format: "pt"
        )
        var bytes = layout.header
        for placement in layout.placements {
            let name = placement.descriptor.name
            if let tensor = floats.first(where: { $0.0 == name }) {
                tensor.2.withUnsafeBytes { bytes += $0 }
            } else if let tensor = doubles.first(where: { $0.0 == name }) {
                tensor.1.values.withUnsafeBytes { bytes += $0 }
            }
        }
        let file = try WholeFile(path, force: force, sources: [], durability: .flushed, folders: nil)
        try bytes.withBytes { bytes throws(CheckpointError) in try file.write([bytes]) }
    }
}
