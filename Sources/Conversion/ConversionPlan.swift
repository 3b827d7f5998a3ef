package import CheckpointIO
package import ModelZoo
package import TensorCore

/// Everything that a conversion will do, complete before a byte is written.
package struct ConversionPlan: Sendable {
    /// A run of consecutive elements of a source tensor.
    package struct Run: Sendable {
        package let source: StoredTensor
        package let firstElement: Int
        package let elementCount: Int
    }

    /// A tensor to be written: runs of source tensors, one after another.
    package struct Tensor: Sendable {
        package let descriptor: TensorDescriptor
        package let runs: [Run]
        /// The dtype of the source.
        package let sourceDType: DType
        /// What is done: `rename`, `squeeze`, `unsqueeze`, `split`, `merge` (and `cast`, which `sourceDType` tells).
        package let operation: String
    }

    /// A file to be written.
    package struct File: Sendable {
        package let name: String
        package let header: [UInt8]
        /// The tensors in the order of their data, each with its first byte in the file.
        package let tensors: [(tensor: Tensor, offset: Int)]
        package let size: Int
    }

    /// What is converted, and how that was settled.
    package let model: ResolvedModel
    /// The layout of the output.
    package let target: Layout
    /// The network's parameters.
    package let network: NetworkDescription
    /// The tensors in module order.
    package let tensors: [Tensor]
    /// The weight files.
    package let files: [File]
    /// The shard index, where there is more than one file.
    package let index: (name: String, text: String)?
    /// The text of config.json, or nil where nothing is known to put into it.
    package let config: String?
    /// The weight files' name without extension and shard number, as `diffusion_pytorch_model`.
    package let stem: String
    /// The level of zstd for the weight files, or nil where they are not compressed.
    package let compression: Int?

    /// The names of everything that will be written, in the order in which it is to appear.
    package var names: [String] {
        files.map(\.name) + [index?.name, config == nil ? nil : "config.json"].compactMap { $0 }
    }

    /// The bytes of the weight files.
    package var byteCount: Int { files.reduce(0) { $0 + $1.size } }
}
