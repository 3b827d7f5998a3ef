package import CheckpointIO
package import ModelZoo
package import Models
internal import TensorCore

/// The layout part of a roundtrip: whether every byte of a checkpoint returns to its place through another layout.
package struct LayoutRoundtrip: Sendable {
    /// The layout of the checkpoint.
    package let layout: Layout
    /// The layout that it is led through.
    package let through: Layout
    /// The tensors and bytes that were followed.
    package let tensorCount: Int
    package let byteCount: Int
    /// The tensors that do not come back as they were.
    package let misplaced: [String]

    /// Follows every tensor of a model there and back.
    ///
    /// The view in the other layout says of which runs of source elements each tensor there consists; the view back, of a
    /// checkpoint with exactly those tensors, says the same of the way back. Their composition must be the identity.
    package init(_ model: OpenedModel) throws(CheckpointError) {
        guard let network = model.network, let layout = model.layout else {
            throw model.error(model.problem ?? .notDCAE(model.mismatch))
        }
        self.layout = layout
        through = layout == .diffusers ? .original : .diffusers
        let forward = model.view(as: through)
        var sources: [UTF8Name: ViewedTensor] = [:]
        var stored: [StoredTensor] = []
        for tensor in forward.tensors {
            sources[UTF8Name(tensor.descriptor.name)] = tensor
            let location = TensorLocation(file: 0, offset: 0, byteCount: tensor.byteCount)
            stored.append(StoredTensor(descriptor: tensor.descriptor, location: location))
        }
        let middle = model.checkpoint.with(tensors: stored)
        let backward = LayoutView(middle, in: through, as: layout, network: network, part: model.part)
        misplaced = backward.tensors.filter { !Self.returns($0, through: sources, to: model.checkpoint) }.map(
            \.descriptor.name
        )
        tensorCount = backward.tensors.count
        byteCount = backward.tensors.reduce(0) { $0 + $1.byteCount }
    }

    /// Whether the runs of a tensor, each followed to the source, are the source's elements in their order.
    private static func returns(
        _ tensor: ViewedTensor,
        through sources: [UTF8Name: ViewedTensor],
        to checkpoint: Checkpoint
    ) -> Bool {
        // A counter that is made up, or was stored in another dtype, has no bytes to follow.
        let passed = tensor.pieces.compactMap { sources[UTF8Name($0.tensor.descriptor.name)] }
        if passed.contains(where: { $0.literal != nil }) { return true }
        guard let original = checkpoint[tensor.descriptor.name], original.descriptor == tensor.descriptor else {
            return false
        }
        var position = 0
        for (run, middle) in zip(tensor.pieces, passed) {
            var skipped = run.start
            var left = run.count
            for source in middle.pieces where left > 0 {
                if skipped >= source.count {
                    skipped -= source.count
                    continue
                }
                let count = min(left, source.count - skipped)
                guard UTF8Name(source.tensor.descriptor.name) == UTF8Name(tensor.descriptor.name),
                    source.start + skipped == position, undoes(run.tensor, source.tensor, original)
                else { return false }
                position += count
                left -= count
                skipped = 0
            }
            if left > 0 { return false }
        }
        return position == original.byteCount && passed.count == tensor.pieces.count
    }

    /// Whether the order in which one walk takes the elements is undone by that of another: both are linear, so that one step
    /// along each dimension decides.
    private static func undoes(_ back: StoredTensor, _ there: StoredTensor, _ original: StoredTensor) -> Bool {
        guard let steps = back.location.strides else { return there.location.strides == original.location.strides }
        let sizes = there.descriptor.shape.dimensions
        let distances = there.location.strides ?? contiguous(sizes)
        let wanted = original.location.strides ?? contiguous(original.descriptor.shape.dimensions)
        guard steps.count == wanted.count else { return false }
        return zip(zip(steps, wanted), back.descriptor.shape.dimensions).allSatisfy { pair, size in
            guard size > 1 else { return true }
            var (rest, place) = (pair.0, 0)
            for (size, distance) in zip(sizes, distances).reversed() {
                place += rest % size * distance
                rest /= size
            }
            return place == pair.1
        }
    }

    private static func contiguous(_ sizes: [Int]) -> [Int] {
        var step = 1
        return sizes.reversed().map { size in
            defer { step *= max(1, size) }
            return step
        }.reversed()
    }
}
