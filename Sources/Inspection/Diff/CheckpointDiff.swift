package import CheckpointIO
package import ModelZoo
package import Models
package import StrictJSON
package import TensorCore

/// How a checkpoint B differs from a checkpoint A, whatever the layout, format and sharding of either.
package struct CheckpointDiff: Sendable {
    /// What is compared, and how strictly.
    package struct Request: Sendable {
        package var selection = TensorSelection()
        /// Nil for byte by byte.
        package var tolerance: Tolerance?
        /// Whether the configurations count.
        package var comparesConfigs = true
        package var threads = Workers.defaultCount
        /// The instruction set of the loops, every one gives the same bits.
        package var instructionSet = InstructionSet.best

        package init() {}
    }

    /// One of the two checkpoints.
    package struct Side: Sendable {
        package let path: String
        package let format: CheckpointFormat
        /// The layout that its tensors are stored in; nil where they are not those of a DC-AE.
        package let layout: Layout?
        package let tensorCount: Int
        package let byteCount: Int
        /// The dtypes that occur.
        package let dtypes: [DType]

        init(_ model: OpenedModel) {
            let checkpoint = model.checkpoint
            path = checkpoint.path
            format = checkpoint.format
            layout = model.layout
            tensorCount = checkpoint.tensors.count
            byteCount = checkpoint.byteCount
            dtypes = Set(checkpoint.tensors.map(\.descriptor.dtype)).sorted().reversed()
        }
    }

    /// A text beside the tensors that is not the same on both sides.
    package struct MetadataField: Sendable, Equatable {
        package let key: String
        package let a: JSONValue?
        package let b: JSONValue?
    }

    package let a: Side
    package let b: Side
    /// The layout in which the tensors are named: A's.
    package let layout: Layout?
    /// Every tensor that was selected: those of A in module order, then those that are in B alone.
    package let tensors: [TensorComparison]
    /// The tensors that were not.
    package let ignoredCount: Int
    package let tolerance: Tolerance?
    /// Nil where configurations do not count.
    package let config: ConfigComparison?
    /// What programs noted in the files; it does not make them different.
    package let metadata: [MetadataField]

    /// Whether nothing that counts differs.
    package var isSame: Bool {
        config?.isDifferent != true && tensors.allSatisfy { $0.isSame(within: tolerance) }
    }

    /// Compares two checkpoints.
    ///
    /// Where both are DC-AEs of different layouts, B is seen in A's.
    ///
    /// - Parameter progress: is told how many bytes of both sides were compared.
    /// - Throws: where one cannot be read, or the selection leaves nothing.
    package static func compare(
        _ a: OpenedModel,
        _ b: OpenedModel,
        _ request: Request,
        progress: (@Sendable (Int) throws(CheckpointError) -> Void)? = nil
    ) throws(CheckpointError) -> CheckpointDiff {
        let networks = networks(of: a, b)
        let left = LayoutView(a.checkpoint, in: a.layout, as: nil, network: networks.a, counters: a.counters)
        let right = LayoutView(b.checkpoint, in: b.layout, as: left.layout, network: networks.b, counters: b.counters)
        let matching = TensorMatching(left, right, request.selection)
        if matching.pairs.isEmpty, matching.onlyInA.isEmpty, matching.onlyInB.isEmpty, matching.ignoredCount > 0 {
            throw CheckpointError(
                request.selection.only.isEmpty ? .ignore : .only,
                DiffFault.nothingSelected
            )
        }
        let isFromAfar = a.isElsewhere || b.isElsewhere
        var tensors =
            isFromAfar
            ? structures(matching.pairs, areSame: isOneFile(a, b))
            : try compare(matching.pairs, left, right, request, progress)
        let renamed =
            isFromAfar
            ? []
            : try RenamedTensors.find(
                matching.onlyInA,
                in: left,
                matching.onlyInB,
                in: right,
                threads: request.threads
            )
        let newName = Dictionary(uniqueKeysWithValues: renamed.map { ($0.a, $0.b) })
        let isTaken = Set(renamed.map(\.b))
        for (index, tensor) in matching.onlyInA.enumerated() {
            let match = newName[index].map { matching.onlyInB[$0].descriptor }
            tensors.append(TensorComparison(match == nil ? .removed : .renamed, tensor.descriptor, match))
        }
        tensors = inOrder(of: left, tensors)
        for (index, tensor) in matching.onlyInB.enumerated() where !isTaken.contains(index) {
            tensors.append(TensorComparison(.added, nil, tensor.descriptor))
        }
        return CheckpointDiff(
            a: Side(a),
            b: Side(b),
            layout: left.layout,
            tensors: tensors,
            ignoredCount: matching.ignoredCount,
            tolerance: request.tolerance,
            config: request.comparesConfigs
                ? ConfigComparison(ConfigComparison.side(of: a), ConfigComparison.side(of: b)) : nil,
            metadata: metadata(a.checkpoint, b.checkpoint)
        )
    }

    /// The networks of both sides: a side's own where it is exact, else the other's: a bare file has no config.json beside it,
    /// but its copy may have one.
    private static func networks(
        of a: OpenedModel,
        _ b: OpenedModel
    ) -> (a: NetworkDescription?, b: NetworkDescription?) {
        func network(_ own: OpenedModel, _ other: OpenedModel) -> NetworkDescription? {
            own.network ?? other.network ?? own.nearestNetwork ?? other.nearestNetwork
        }
        return (network(a, b), network(b, a))
    }

    /// Whether both sides are the same bytes by what the Hub says of them.
    private static func isOneFile(_ a: OpenedModel, _ b: OpenedModel) -> Bool {
        let digests = a.file.files.map(\.listedDigest)
        return !digests.contains(nil) && digests == b.file.files.map(\.listedDigest)
    }

    /// What headers tell of pairs of tensors.
    private static func structures(
        _ pairs: [(a: ViewedTensor, b: ViewedTensor)],
        areSame: Bool
    ) -> [TensorComparison] {
        pairs.map { pair in
            let (x, y) = (pair.a.descriptor, pair.b.descriptor)
            let relation: TensorComparison.Relation =
                x.shape != y.shape ? .shape : x.dtype != y.dtype ? .dtype : areSame ? .identical : .unread
            return TensorComparison(relation, x, y)
        }
    }

    private static func compare(
        _ pairs: [(a: ViewedTensor, b: ViewedTensor)],
        _ a: LayoutView,
        _ b: LayoutView,
        _ request: Request,
        _ progress: (@Sendable (Int) throws(CheckpointError) -> Void)?
    ) throws(CheckpointError) -> [TensorComparison] {
        let comparable = pairs.map { TensorPair($0.a, $0.b) }
        let pass = DifferencePass(
            a: a,
            b: b,
            pairs: comparable.compactMap(\.self),
            tolerance: request.tolerance,
            threads: request.threads,
            instructionSet: request.instructionSet
        )
        var findings = try pass.run(progress: progress)[...]
        return zip(pairs, comparable).map { pair, comparable in
            let (x, y) = (pair.a.descriptor, pair.b.descriptor)
            let relation: TensorComparison.Relation =
                x.shape != y.shape ? .shape : x.dtype != y.dtype ? .dtype : .changed
            guard comparable != nil, let finding = findings.popFirst() else { return TensorComparison(relation, x, y) }
            if finding.isIdentical, relation == .changed { return TensorComparison(.identical, x, y) }
            return TensorComparison(
                relation,
                x,
                y,
                values: finding.values,
                casts: finding.casts,
                hasSameBytes: finding.isIdentical
            )
        }
    }

    /// Puts tensors of A back into the order that they have in it.
    private static func inOrder(of view: LayoutView, _ tensors: [TensorComparison]) -> [TensorComparison] {
        var positions: [UTF8Name: Int] = [:]
        for (index, tensor) in view.tensors.enumerated() { positions[UTF8Name(tensor.descriptor.name)] = index }
        return tensors.enumerated().sorted { x, y in
            (positions[UTF8Name(x.element.name)] ?? 0, x.offset) < (positions[UTF8Name(y.element.name)] ?? 0, y.offset)
        }.map(\.element)
    }

    private static func metadata(_ a: Checkpoint, _ b: Checkpoint) -> [MetadataField] {
        func values(_ checkpoint: Checkpoint) -> [UTF8Name: JSONValue] {
            Dictionary(
                checkpoint.metadata.map { (UTF8Name($0.key), $0.value) },
                uniquingKeysWith: { first, _ in first }
            )
        }
        let (left, right) = (values(a), values(b))
        return Set(left.keys).union(right.keys).sorted().compactMap { key in
            left[key] == right[key] ? nil : MetadataField(key: key.string, a: left[key], b: right[key])
        }
    }
}
