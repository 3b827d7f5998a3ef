internal import CheckpointIO
internal import Inspection
public import ModelZoo
internal import Models
internal import TensorCore

extension Model {
    /// What verification found.
    public struct VerificationResult: Sendable {
        /// Something that is wrong or odd.
        public struct Finding: Sendable, Equatable {
            /// How bad it is.
            public enum Severity: String, Sendable {
                /// The checkpoint does not hold what it should.
                case error
                /// It is odd, but programs load it.
                case warning
            }

            /// How bad it is.
            public let severity: Severity
            /// A tensor's name, or `config.json`.
            public let place: String
            /// What is wrong, in words.
            public let message: String
        }

        /// What it was compared with: a variant's name, or the source of the configuration.
        public let reference: String
        /// The layout of its names.
        public let layout: Layout
        /// What was found: tensors in module order, then values, then the configuration.
        public let findings: [Finding]
        /// The number of tensors that were checked.
        public let tensorCount: Int
        /// How many of their bytes were read.
        public let byteCount: Int

        /// Whether no errors were found; warnings do not count.
        public var passed: Bool { !findings.contains { $0.severity == .error } }
    }

    /// Checks the model strictly against its architecture. It finds missing and unexpected tensors, wrong shapes and dtypes, NaN
    /// and infinite values, damage, and a config.json of another model.
    ///
    /// The architecture is identified, unless it was given as a hint.
    ///
    /// - Parameter progress: called with the bytes that were read.
    /// - Returns: all findings; findings are not thrown.
    /// - Throws: `CheckpointError` if it is not a DC-AE, or cannot be read; `CancellationError`.
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
