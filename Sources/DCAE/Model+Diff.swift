internal import CheckpointIO
internal import Inspection
internal import Models
public import TensorCore

extension Model {
    /// What to compare, and how strictly.
    public struct DiffOptions: Sendable, Equatable {
        /// Patterns with `*` and `?`: only tensors whose name in either layout matches one; an empty list for all.
        public var only: [String] = []
        /// Patterns of tensors to leave out.
        public var ignore: [String] = []
        /// How far A's value may be from B's, as a part of B's value: |A − B| ≤ absolute + relative · |B|, as
        /// `numpy.isclose`. If both tolerances are nil, bytes are compared.
        public var relativeTolerance: Double?
        /// How far A's value may be from B's in addition, whatever B's value is.
        public var absoluteTolerance: Double?
        /// Whether the configurations count.
        public var comparesConfigs = true

        /// Compares everything, byte by byte.
        public init() {}

        func request() throws(CheckpointError) -> CheckpointDiff.Request {
            for value in [relativeTolerance, absoluteTolerance].compactMap(\.self) where !value.isFinite || value < 0 {
                throw CheckpointError("tolerance", .file, LibraryFault.number(expected: "a number, 0 or more"))
            }
            var request = CheckpointDiff.Request()
            request.selection = TensorSelection(only: only.map(Glob.init), ignored: ignore.map(Glob.init))
            if relativeTolerance != nil || absoluteTolerance != nil {
                request.tolerance = Tolerance(relative: relativeTolerance ?? 0, absolute: absoluteTolerance ?? 0)
            }
            request.comparesConfigs = comparesConfigs && only.isEmpty
            return request
        }
    }

    /// How a model B differs from a model A.
    public struct Difference: Sendable {
        /// How one tensor differs between A and B.
        public struct Tensor: Sendable {
            /// How the two sides are related.
            public enum Relation: String, Sendable, CaseIterable {
                /// The same bytes.
                case identical
                /// The same dtype and shape; the bytes were not read, because one side is on the Hub.
                case unread
                /// The same dtype and shape, but other bytes.
                case changed
                /// Another dtype; the values are compared as numbers.
                case dtype
                /// Another shape.
                case shape
                /// Only in B.
                case added
                /// Only in A.
                case removed
                /// Under another name in B, with the same dtype, shape and bytes.
                case renamed
            }

            /// How the two sides are related.
            public let relation: Relation
            /// The tensor of A, with its own name; nil if it is added.
            public let a: TensorDescriptor?
            /// The tensor of B, with its name in A's layout; nil if it is removed.
            public let b: TensorDescriptor?
            /// Whether it counts as the same, within the tolerance if there is one.
            public let isSame: Bool
            /// How many of its values differ; nil if they were not compared as numbers.
            public let differingValues: Int?
            /// The largest difference of two values; nil if they were not compared as numbers.
            public let largestDifference: Double?
            /// The root mean square of the differences, relative to A's; nil if they were not compared as numbers.
            public let relativeRMS: Double?

            /// Its name in A's layout.
            public var name: String { (a ?? b)?.name ?? "" }
        }

        /// Whether the two are the same in all that counts.
        public let isSame: Bool
        /// The answer in words: one line about the tensors, and one about the configurations if these differ.
        public let answer: [String]
        /// Every selected tensor: those of A in module order, then those that are only in B.
        public let tensors: [Tensor]
        /// The names of the fields in which the configurations differ; empty if they do not count.
        public let configFields: [String]
    }

    /// Compares this model, A, with another model, B, in any layout, format and sharding. B is viewed in A's layout.
    ///
    /// - Parameters:
    ///   - other: the model B.
    ///   - options: what to compare, and how strictly.
    ///   - progress: called with the bytes of both sides that were compared.
    /// - Returns: the differences; differences are not thrown.
    /// - Throws: `CheckpointError` if one cannot be read, or the patterns select nothing; `CancellationError`.
    public func diff(
        _ other: Model,
        _ options: DiffOptions = DiffOptions(),
        progress: ProgressHandler? = nil
    ) async throws -> Difference {
        try await Background.run { mark in
            let total = opened.checkpoint.byteCount + other.opened.checkpoint.byteCount
            let count = ProgressCount(.reading, of: total, mark, progress)
            let diff = try CheckpointDiff.compare(opened, other.opened, try options.request()) {
                bytes throws(CheckpointError) in try count.add(bytes)
            }
            return Difference(
                isSame: diff.isSame,
                answer: diff.answer,
                tensors: diff.tensors.map { Difference.Tensor($0, within: diff.tolerance) },
                configFields: diff.config?.fields.map(\.name) ?? []
            )
        }
    }
}

extension Model.Difference.Tensor {
    init(_ tensor: TensorComparison, within tolerance: Tolerance?) {
        relation =
            switch tensor.relation {
            case .identical: .identical
            case .unread: .unread
            case .changed: .changed
            case .dtype: .dtype
            case .shape: .shape
            case .added: .added
            case .removed: .removed
            case .renamed: .renamed
            }
        a = tensor.a
        b = tensor.b
        isSame = tensor.isSame(within: tolerance)
        differingValues = tensor.values?.differingCount
        largestDifference = tensor.values?.largest
        relativeRMS = tensor.values?.relativeRMS
    }
}
