public import CheckpointIO
internal import Inspection
public import ModelZoo
internal import Models
public import TensorCore

extension Model {
    /// The contents of a checkpoint.
    public struct Contents: Sendable {
        /// Statistics of a tensor's finite values, in double precision.
        public struct Statistics: Sendable, Equatable {
            /// The number of all values, finite or not.
            public let count: Int
            /// The number of NaN values.
            public let nan: Int
            /// The number of infinite values of either sign.
            public let infinite: Int
            /// The smallest value; this and the next four are nil if no value is finite.
            public let minimum: Double?
            /// The largest value.
            public let maximum: Double?
            /// The mean.
            public let mean: Double?
            /// The standard deviation, divided by the number of values, as in NumPy's `std`.
            public let standardDeviation: Double?
            /// The root of the mean square.
            public let rms: Double?
            /// The number of finite values that F16 would make infinite: beyond 65504.
            public let fp16Overflows: Int
            /// The number of values other than zero that F16 would make zero.
            public let fp16Underflows: Int
        }

        /// A tensor.
        public struct Tensor: Sendable {
            /// The stored name, element type and shape.
            public let descriptor: TensorDescriptor
            /// The bytes of its data.
            public let byteCount: Int
            /// The name of the file that holds its data.
            public let file: String
            /// Where its data begins in the file, in bytes.
            public let offset: Int
            /// The statistics of its values; nil if they were not requested.
            public let statistics: Statistics?
        }

        /// The format of the files.
        public let format: CheckpointFormat
        /// The layout of the names; nil if they match no layout.
        public let layout: Layout?
        /// The tensors in the order of the file.
        public let tensors: [Tensor]

        /// The number of elements of all tensors.
        public var elementCount: Int { tensors.reduce(0) { $0 + ($1.descriptor.shape.elementCount ?? 0) } }
        /// The number of bytes of all tensors.
        public var byteCount: Int { tensors.reduce(0) { $0 + $1.byteCount } }
    }

    /// Lists all tensors of the file, even those that are not part of the network.
    ///
    /// - Parameters:
    ///   - matching: patterns with `*` and `?`; a name must match one of them. An empty list selects all tensors.
    ///   - statistics: whether to read all values and compute statistics; otherwise only headers are read.
    ///   - progress: called with the bytes that were read.
    /// - Throws: `CheckpointError` if data cannot be read; `CancellationError`.
    public func inspect(
        matching: [String] = [],
        statistics: Bool = false,
        progress: ProgressHandler? = nil
    ) async throws -> Contents {
        try await Background.run { mark in
            let checkpoint = CheckpointSummary(opened).checkpoint
            let filters = matching.map(Glob.init)
            let listing: TensorListing
            if statistics {
                let total = TensorListing.byteCount(checkpoint, matching: filters)
                let count = ProgressCount(.reading, of: total, mark, progress)
                listing = try TensorListing(scanning: checkpoint, matching: filters) {
                    bytes throws(CheckpointError) in try count.add(bytes)
                }
            } else {
                listing = TensorListing(checkpoint, matching: filters)
            }
            return Contents(
                format: checkpoint.format,
                layout: opened.layout,
                tensors: listing.tensors.map { tensor in
                    Contents.Tensor(
                        descriptor: tensor.descriptor,
                        byteCount: tensor.byteCount,
                        file: tensor.file,
                        offset: tensor.offset,
                        statistics: tensor.statistics.map(Contents.Statistics.init)
                    )
                }
            )
        }
    }
}

extension Model.Contents.Statistics {
    init(_ values: TensorStatistics) {
        count = values.count
        nan = values.nan
        infinite = values.infinite
        minimum = values.minimum
        maximum = values.maximum
        mean = values.mean
        standardDeviation = values.standardDeviation
        rms = values.rms
        fp16Overflows = values.fp16.overflows
        fp16Underflows = values.fp16.underflows
    }
}
