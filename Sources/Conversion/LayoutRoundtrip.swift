package import CheckpointIO
package import ModelZoo
internal import TensorCore

/// The layout part of a roundtrip: whether every byte of a checkpoint returns to its place through the other layout.
package struct LayoutRoundtrip: Sendable {
    /// The layout of the checkpoint.
    package let layout: Layout
    /// The tensors and bytes that were followed.
    package let tensorCount: Int
    package let byteCount: Int
    /// The tensors that do not come back as they were.
    package let misplaced: [String]

    /// Follows every tensor of a checkpoint there and back.
    ///
    /// The forward plan says of which runs of source elements each tensor of the other layout consists; the backward plan, made
    /// for a checkpoint with exactly those tensors, says the same of the way back. Their composition must be the identity.
    package init(_ checkpoint: Checkpoint, registry: Registry) throws(CheckpointError) {
        let match = StructureMatch(checkpoint, registry: registry)
        var config = match.variants.first?.config
        if config == nil, case .diffusers(let reading)? = try Provenance.neighbourConfig(checkpoint) {
            config = reading.config
        }
        guard let layout = match.layout, let config else {
            throw CheckpointError(checkpoint.path, .file, ConversionFault.notDCAE(match.mismatch))
        }
        var request = ConversionRequest()
        request.config = config
        request.scalingFactor = config.scalingFactor ?? 1
        let forward = try ConversionPlan(checkpoint, request, registry: registry)
        var sources: [UTF8Name: [ConversionPlan.Run]] = [:]
        for tensor in forward.tensors { sources[UTF8Name(tensor.descriptor.name)] = tensor.runs }
        let middle = Checkpoint(
            path: checkpoint.path,
            format: .safetensors,
            files: checkpoint.files,
            tensors: forward.files.flatMap { file in
                file.tensors.map { tensor, offset in
                    StoredTensor(
                        descriptor: tensor.descriptor,
                        location: TensorLocation(file: 0, offset: offset, byteCount: tensor.byteCount)
                    )
                }
            }
        )
        let backward = try ConversionPlan(middle, request, registry: registry)
        self.layout = layout
        misplaced = backward.tensors.filter { !Self.returns($0, through: sources, to: checkpoint) }.map(
            \.descriptor.name
        )
        tensorCount = backward.tensors.count
        byteCount = backward.tensors.reduce(0) { $0 + $1.byteCount }
    }

    /// Whether the runs of a tensor, each followed to the source, are the source's elements in their order.
    private static func returns(
        _ tensor: ConversionPlan.Tensor,
        through sources: [UTF8Name: [ConversionPlan.Run]],
        to checkpoint: Checkpoint
    ) -> Bool {
        guard let original = checkpoint[tensor.descriptor.name], original.descriptor == tensor.descriptor else {
            return false
        }
        var position = 0
        for run in tensor.runs {
            var skipped = run.firstElement
            var left = run.elementCount
            for source in sources[UTF8Name(run.source.descriptor.name)] ?? [] where left > 0 {
                if skipped >= source.elementCount {
                    skipped -= source.elementCount
                    continue
                }
                let count = min(left, source.elementCount - skipped)
                guard UTF8Name(source.source.descriptor.name) == UTF8Name(tensor.descriptor.name),
                    source.firstElement + skipped == position
                else { return false }
                position += count
                left -= count
                skipped = 0
            }
            if left > 0 { return false }
        }
        return position == original.descriptor.shape.elementCount
    }
}
