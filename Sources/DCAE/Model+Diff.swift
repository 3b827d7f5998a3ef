internal import CheckpointIO
internal import Inspection
internal import Models
public import TensorCore

extension Model {
    /// What is compared, and how strictly.
    public struct DiffOptions: Sendable, Equatable {
        /// Patterns with `*` and `?`: only tensors whose name in either layout matches one; none for all.
        public var only: [String] = []
        /// Patterns of tensors that are left out.
        public var ignore: [String] = []
        /// How far a value may be from A's, as a part of A's; nil and nil for byte by byte.
        public var relativeTolerance: Double?
        /// How far it may be beside that.
        public var absoluteTolerance: Double?
        /// Whether the configurations count.
        public var comparesConfigs = true

        /// Everything, byte by byte.
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
        /// What became of one tensor from A to B.
        public struct Tensor: Sendable {
            /// How the two sides are related.
            public enum Relation: String, Sendable, CaseIterable {
                /// The same bytes.
                case identical
                /// The same dtype and shape; the bytes were not read, since one side is elsewhere.
                case unread
                /// The same dtype and shape, other bytes.
                case changed
                /// Another dtype; the values are compared as numbers.
                case dtype
                /// Another shape.
                case shape
                /// In B alone.
                case added
                /// In A alone.
                case removed
                /// Under another name in B, with the same dtype, shape and bytes.
                case renamed
            }

            /// How the two sides are related.
            public let relation: Relation
            /// The tensor of A, by its own name; nil where it is added.
            public let a: TensorDescriptor?
            /// The tensor of B, by its name in A's layout; nil where it is removed.
            public let b: TensorDescriptor?
            /// Whether it counts as the same, within the tolerance where there is one.
            public let isSame: Bool
            /// How many of its values differ; nil where they were not compared as numbers.
            public let differingValues: Int?
            /// The largest difference of two values; nil where they were not compared as numbers.
            public let largestDifference: Double?
            /// The root mean square of the differences, as a part of A's; nil where they were not compared as numbers.
            public let relativeRMS: Double?

            /// Its name in A's layout.
            public var name: String { (a ?? b)?.name ?? "" }
        }

        /// Whether nothing that counts differs.
        public let isSame: Bool
        /// What a person would say: one line about the tensors, and one about the configurations where these differ.
        public let answer: [String]
        /// Every tensor that was selected: those of A in module order, then those that are in B alone.
        public let tensors: [Tensor]
        /// The names of the fields in which the configurations differ; none where they do not count.
        public let configFields: [String]
    }

    /// Compares it, as A, with another model, B, whatever the layout, format and sharding of either: B is seen in A's layout.
    ///
    /// - Parameters:
    ///   - other: the model B.
    ///   - options: what is compared, and how strictly.
    ///   - progress: told of bytes of both sides that were compared.
    /// - Returns: what differs; that something does is no error.
    /// - Throws: `CheckpointError` where one cannot be read, or the patterns leave nothing; `CancellationError`.
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
