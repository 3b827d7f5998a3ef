import CheckpointIO
import Images
import Perception
import TensorCore
import TestSupport

extension TemporaryFolder {
    /// Writes a network's weights, made by the formula, as a safetensors file.
    func writeWeights(_ name: String, _ network: ForeignNetwork) throws -> String {
        try write(
            name,
            tensors: network.parameters.map { name, shape in
                let values = SeededWeights.values(name, shape)
                let descriptor = TensorDescriptor(name: name, dtype: .f32, shape: Shape(shape))
                return (descriptor, values.withUnsafeBytes { Array($0) })
            }
        )
    }
}
