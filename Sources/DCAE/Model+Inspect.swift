public import CheckpointIO
internal import Inspection
public import ModelZoo
internal import Models
public import TensorCore

extension Model {
    /// What a checkpoint holds.
    public struct Contents: Sendable {
        /// What the values of a tensor are like, over those that are finite, in double precision.
        public struct Statistics: Sendable, Equatable {
            /// All values, finite or not.
            public let count: Int
            /// Values that are no number.
            public let nan: Int
            /// Infinite values of either sign.
            public let infinite: Int
            /// The smallest value; nil where none is finite, as the next four.
            public let minimum: Double?
            /// The largest value.
            public let maximum: Double?
            /// The mean.
            public let mean: Double?
            /// The standard deviation, divided by the number of values as NumPy's `std`.
            public let standardDeviation: Double?
            /// The root of the mean square.
            public let rms: Double?
            /// Finite values that F16 would make infinite: beyond 65504.
            public let fp16Overflows: Int
            /// Values other than zero that F16 would make zero.
            public let fp16Underflows: Int
        }

        /// A tensor.
        public struct Tensor: Sendable {
            /// Name, element type and shape, as they are stored.
            public let descriptor: TensorDescriptor
            /// The bytes of its data.
            public let byteCount: Int
            /// The name of the file that holds its data.
            public let file: String
            /// The byte of the file at which its data begins.
            public let offset: Int
            /// What its values are like; nil where they were not looked at.
            public let statistics: Statistics?
        }

        /// The format of the files.
        public let format: CheckpointFormat
        /// The layout of the names; nil where they are of none.
        public let layout: Layout?
        /// The tensors in the order of the file.
        public let tensors: [Tensor]

        /// The elements of all tensors.
        public var elementCount: Int { tensors.reduce(0) { $0 + ($1.descriptor.shape.elementCount ?? 0) } }
        /// The bytes of all tensors.
        public var byteCount: Int { tensors.reduce(0) { $0 + $1.byteCount } }
    }

    /// Lists what is in the file: of a file that holds more than the network, everything.
    ///
    /// - Parameters:
    ///   - matching: patterns with `*` and `?` of which a name must match one; none for all tensors.
    ///   - statistics: whether all values are read and measured; without it headers say all.
    ///   - progress: told of bytes that are read.
    /// - Throws: `CheckpointError` where data cannot be read; `CancellationError`.
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
