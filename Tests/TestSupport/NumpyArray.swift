import CheckpointIO
import Foundation
package import TensorCore

/// An array of float32 numbers as `.npy` files hold it, for tests: read through the reader of checkpoints, written as numpy does.
package struct NumpyArray: Sendable, Equatable {
    package let shape: Shape
    /// The last dimension running fastest.
    package let values: [Float]

    package init(shape: Shape, values: [Float]) {
        precondition(shape.elementCount == values.count, "an array has as many numbers as its shape says")
        self.shape = shape
        self.values = values
    }

    package init(file: String) throws {
        let checkpoint = try Checkpoint.open(file)
        let tensor = checkpoint.tensors[0]
        let bytes = try checkpoint.bytes(of: tensor)
        let count = tensor.descriptor.shape.elementCount ?? 0
        let values = [Float](unsafeUninitializedCapacity: count) { target, initialized in
            bytes.withUnsafeBytes {
                _ = NumberFormat.convert(
                    $0,
                    from: tensor.descriptor.dtype,
                    into: UnsafeMutableRawBufferPointer(target),
                    to: .f32
                )
            }
            initialized = count
        }
        self.init(shape: tensor.descriptor.shape, values: values)
    }

    package func write(to file: String) throws {
        try Data(NumpyHeader.bytes(shape) + values.withUnsafeBytes(Array.init)).write(to: URL(filePath: file))
    }
}
