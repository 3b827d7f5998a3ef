internal import CheckpointIO
internal import Inspection
public import ModelZoo
internal import Models
internal import TensorCore

extension Model {
    /// What verifying found.
    public struct VerificationResult: Sendable {
        /// Something that is not as it should be.
        public struct Finding: Sendable, Equatable {
            /// How bad it is.
            public enum Severity: String, Sendable {
                /// The checkpoint does not hold what it should.
                case error
                /// It is odd; programs load it all the same.
                case warning
            }

            /// How bad it is.
            public let severity: Severity
            /// A tensor's name, or `config.json`.
            public let place: String
            /// What is wrong, in words.
            public let message: String
        }

        /// What it was held against: a variant's name, or whose configuration.
        public let reference: String
        /// The layout of its names.
        public let layout: Layout
        /// What was found: tensors in module order, then values, then the configuration.
        public let findings: [Finding]
        /// The tensors that were looked at.
        public let tensorCount: Int
        /// The bytes of them that were read.
        public let byteCount: Int

        /// Whether nothing is wrong; warnings do not count.
        public var passed: Bool { !findings.contains { $0.severity == .error } }
    }

    /// Holds it against its architecture, strictly: missing and unexpected tensors, wrong shapes and dtypes, NaN and infinite
    /// values, damage, and a config.json that is not the model's.
    ///
    /// What it should be is found out, or was given as a hint.
    ///
    /// - Parameter progress: told of bytes that are read.
    /// - Returns: all findings; that there are some is no error.
    /// - Throws: `CheckpointError` where it is no DC-AE at all, or cannot be read; `CancellationError`.
    public func verify(progress: ProgressHandler? = nil) async throws -> VerificationResult {
        try await Background.run { mark in
            let count = ProgressCount(.reading, of: opened.checkpoint.byteCount, mark, progress)
            let result = try Verification.verify(opened) { bytes throws(CheckpointError) in try count.add(bytes) }
            return VerificationResult(
                reference: result.reference,
                layout: result.layout,
                findings: result.findings.map {
                    .init(
                        severity: $0.severity == .error ? .error : .warning,
                        place: $0.place,
                        message: $0.message
                    )
                },
                tensorCount: result.tensorCount,
                byteCount: result.byteCount
            )
        }
    }
}
