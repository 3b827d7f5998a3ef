package import CheckpointIO
package import ModelZoo
package import Models
package import TensorCore

/// Everything that a conversion will do, complete before a byte is written.
package struct ConversionPlan: Sendable {
    /// A run of consecutive elements of a source tensor.
    package struct Run: Sendable {
        /// The source, its dimensions in the order of the target's.
        package let source: StoredTensor
        package let firstElement: Int
        package let elementCount: Int
    }

    /// A tensor to be written: runs of source tensors, one after another, or its bytes themselves.
    package struct Tensor: Sendable {
        package let descriptor: TensorDescriptor
        package let runs: [Run]
        /// The bytes, where no stored ones are its: a batch counter that is missing or stored in another dtype.
        package let literal: [UInt8]?
        /// The dtype of the source; of several, the widest.
        package let sourceDType: DType
        /// What is done: `rename`, `squeeze`, `unsqueeze`, `split`, `merge`, `permute`, `make` (and `cast`, which `isCast` tells).
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
    package let model: OpenedModel
    /// The layout of the source.
    package let layout: Layout
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
    /// Whether finite values may become infinite in a cast.
    package let allowsInfinite: Bool
    /// Whether a folder or one file is written.
    package let output: ConversionOptions.Output
    /// What was decided about the output, a line each.
    package let notes: [String]

    /// Whether any tensor changes its dtype.
    package var isCast: Bool { tensors.contains(where: \.isCast) }

    /// Whether values can be lost: by a cast, or where weights of 8 bits are multiplied by their scales.
    package var canLose: Bool {
        isCast || tensors.contains { $0.runs.contains { $0.source.location.canOverflow } }
    }

    /// The names of everything that will be written, in the order in which it is to appear.
    package var names: [String] {
        files.map(\.name) + [index?.name, config == nil ? nil : "config.json"].compactMap { $0 }
    }

    /// The bytes of the weight files.
    package var byteCount: Int { files.reduce(0) { $0 + $1.size } }
}
