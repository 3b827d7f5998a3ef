internal import CheckpointIO
internal import Inspection
internal import Models
public import TensorCore

extension Model {
    /// The digests of a checkpoint, which depend only on its content, not on layout, format or sharding.
    public struct Digests: Sendable, Equatable {
        /// A tensor.
        public struct Tensor: Sendable, Equatable {
            /// Its name, with control characters escaped.
            public let name: String
            /// The element type.
            public let dtype: DType
            /// The sizes, slowest first.
            public let shape: Shape
            /// The SHA-256 of its data, 64 hexadecimal digits: row-major, each element with its least significant byte first.
            public let sha256: String
        }

        /// The SHA-256 of all lines of `manifest` that do not begin with `#`: the same for the same content.
        public let content: String
        /// The tensors in the order of their names' bytes.
        public let tensors: [Tensor]
        /// The text that `dcae hash` writes and `dcae hash --check` reads.
        public let manifest: String
    }

    /// Reads the model and computes the SHA-256 of every tensor.
    ///
    /// - Parameters:
    ///   - stored: whether to hash tensors as the file stores them. Otherwise they are viewed in the diffusers layout, in which
    ///     an original checkpoint and its diffusers copy have the same digests.
    ///   - format: the format that weights are rounded to first, to compare with a copy in that format; nil for no rounding.
    ///   - progress: called with the bytes that were read.
    /// - Throws: `CheckpointError` if data cannot be read; `CancellationError`.
    public func hash(
        stored: Bool = false,
        as format: WeightFormat? = nil,
        progress: ProgressHandler? = nil
    ) async throws -> Digests {
        try await Background.run { mark in
            let count = ProgressCount(.reading, of: opened.checkpoint.byteCount, mark, progress)
            let manifest = try Manifest(of: opened, names: stored ? .stored : .diffusers, as: format?.dtype) {
                bytes throws(CheckpointError) in try count.add(bytes)
            }
            return Digests(
                content: manifest.content.description,
                tensors: manifest.entries.map {
                    Digests.Tensor(name: $0.name, dtype: $0.dtype, shape: $0.shape, sha256: $0.digest.description)
                },
                manifest: manifest.text
            )
        }
    }
}
