package import CheckpointIO
internal import Models
package import StrictJSON
package import TensorCore

/// A tensor of a checkpoint as lists show it.
package struct ListedTensor: Sendable {
    package let descriptor: TensorDescriptor
    package let byteCount: Int
    /// The name of the file that holds its data.
    package let file: String
    /// The byte of the file at which its data begins.
    package let offset: Int
    /// What its values are like, where they were looked at.
    package let statistics: TensorStatistics?

    /// The number of its elements.
    package var elementCount: Int { descriptor.shape.elementCount ?? 0 }

    /// The tensor for `--json`.
    package var document: JSONValue {
        var members: [JSONValue.Member] = [
            .init("name", .string(descriptor.name)), .init("dtype", .string(descriptor.dtype.rawValue)),
            .init("shape", JSONValue(descriptor.shape.dimensions)), .init("bytes", .integer(byteCount)),
            .init("file", .string(file)), .init("offset", .integer(offset)),
        ]
        if let statistics { members.append(.init("statistics", statistics.document)) }
        return .object(members)
    }
}

/// The tensors of a checkpoint in the order in which they are wanted.
package struct TensorListing: Sendable {
    package let tensors: [ListedTensor]
    /// Whether the values were looked at.
    package let hasStatistics: Bool

    /// Lists tensors from the headers alone.
    ///
    /// - Parameter filters: the patterns of which a name must match one; all tensors where there is none.
    package init(_ checkpoint: Checkpoint, matching filters: [Glob] = []) {
        self.init(checkpoint, Self.selection(checkpoint, filters), statistics: nil)
    }

    /// Lists tensors and reads their values.
    ///
    /// - Parameters:
    ///   - filters: the patterns of which a name must match one; all tensors where there is none.
    ///   - progress: is told how many bytes were read.
    /// - Throws: where data cannot be read.
    package init(
        scanning checkpoint: Checkpoint,
        matching filters: [Glob] = [],
        threads: Int = Workers.defaultCount,
        progress: (@Sendable (Int) throws(CheckpointError) -> Void)? = nil
    ) throws(CheckpointError) {
        let selection = Self.selection(checkpoint, filters)
        let view = LayoutView(checkpoint)
        let statistics = try StatisticsScan.run(
            view,
            selection.map(ViewedTensor.init),
            threads: threads,
            progress: progress
        )
        self.init(checkpoint, selection, statistics: statistics)
    }

    /// The bytes that a scan would read.
    package static func byteCount(_ checkpoint: Checkpoint, matching filters: [Glob]) -> Int {
        selection(checkpoint, filters).reduce(0) { $0 + $1.byteCount }
    }

    private static func selection(_ checkpoint: Checkpoint, _ filters: [Glob]) -> [StoredTensor] {
        filters.isEmpty ? checkpoint.tensors : checkpoint.tensors.filter { filters.match($0.descriptor.name) }
    }

    private init(_ checkpoint: Checkpoint, _ selection: [StoredTensor], statistics: [TensorStatistics]?) {
        let names = checkpoint.files.map { ModelFolder.name(of: $0.path) }
        hasStatistics = statistics != nil
        tensors = selection.enumerated().map { index, tensor in
            ListedTensor(
                descriptor: tensor.descriptor,
                byteCount: tensor.byteCount,
                file: names[tensor.location.file],
                offset: tensor.location.offset,
                statistics: statistics?[index]
            )
        }
    }

    private init(_ tensors: [ListedTensor], hasStatistics: Bool) {
        (self.tensors, self.hasStatistics) = (tensors, hasStatistics)
    }

    /// The same tensors by what they are sorted by; those that are alike stay in their order.
    package func sorted(by key: SortKey) -> TensorListing {
        let keyed = tensors.enumerated().sorted { a, b in
            key.order(a.element, b.element) ?? (a.offset < b.offset)
        }
        return TensorListing(keyed.map(\.element), hasStatistics: hasStatistics)
    }
}

/// What tensors can be sorted by: texts from A to Z, numbers from the largest down.
package enum SortKey: String, Sendable, CaseIterable {
    case name, dtype, shape, file
    case size, values
    case min, max, magnitude, mean, std, rms
    case nan, inf, zeros, subnormals

    /// Whether the values must be looked at.
    package var needsStatistics: Bool {
        switch self {
        case .name, .dtype, .shape, .file, .size, .values: false
        default: true
        }
    }

    /// Whether the first tensor comes before the second; nil where this does not tell.
    fileprivate func order(_ a: ListedTensor, _ b: ListedTensor) -> Bool? {
        switch self {
        case .name: ascending(UTF8Name(a.descriptor.name), UTF8Name(b.descriptor.name))
        case .dtype: ascending(b.descriptor.dtype, a.descriptor.dtype)
        case .file: ascending(UTF8Name(a.file), UTF8Name(b.file))
        case .shape:
            a.descriptor.shape == b.descriptor.shape
                ? nil : a.descriptor.shape.dimensions.lexicographicallyPrecedes(b.descriptor.shape.dimensions)
        default: ascending(number(b), number(a))
        }
    }

    private func ascending<T: Comparable>(_ a: T, _ b: T) -> Bool? { a == b ? nil : a < b }

    /// Tensors without finite values come last.
    private func number(_ tensor: ListedTensor) -> Double {
        let statistics = tensor.statistics
        let value: Double? =
            switch self {
            case .size: Double(tensor.byteCount)
            case .values: Double(tensor.elementCount)
            case .min: statistics?.minimum
            case .max: statistics?.maximum
            case .magnitude: statistics?.magnitude
            case .mean: statistics?.mean
            case .std: statistics?.standardDeviation
            case .rms: statistics?.rms
            case .nan: statistics.map { Double($0.nan) }
            case .inf: statistics.map { Double($0.infinite) }
            case .zeros: statistics.map { Double($0.zeros) }
            case .subnormals: statistics.map { Double($0.subnormals) }
            case .name, .dtype, .shape, .file: nil
            }
        guard let value, !value.isNaN else { return -.infinity }
        return value
    }
}
