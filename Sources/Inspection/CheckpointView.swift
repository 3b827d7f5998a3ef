package import CheckpointIO
internal import Conversion
package import ModelZoo
package import TensorCore

/// A tensor as a layout names and cuts it, wherever its elements are stored.
package struct ViewedTensor: Sendable {
    /// A run of a stored tensor's bytes.
    package struct Piece: Sendable {
        package let tensor: StoredTensor
        /// The first byte of the stored tensor's data, in row-major order.
        package let start: Int
        package let count: Int
    }

    /// Name, element type and shape in the layout of the view.
    package let descriptor: TensorDescriptor
    /// Where its elements are, in their order.
    package let pieces: [Piece]

    /// The number of bytes of its data.
    package var byteCount: Int { pieces.reduce(0) { $0 + $1.count } }

    /// A tensor as it is stored.
    init(_ tensor: StoredTensor) {
        self.init(descriptor: tensor.descriptor, pieces: [Piece(tensor: tensor, start: 0, count: tensor.byteCount)])
    }

    init(descriptor: TensorDescriptor, pieces: [Piece]) {
        self.descriptor = descriptor
        self.pieces = pieces
    }
}

/// A checkpoint as if it were stored in a given layout: what makes an original checkpoint and its diffusers copy comparable.
///
/// Tensors that the network's description does not know, or whose shape is not the one that it states, keep their own names,
/// so that a view never hides a tensor.
package struct CheckpointView: Sendable {
    package let checkpoint: Checkpoint
    /// The layout of the names, or nil where the tensors are not those of a DC-AE.
    package let layout: Layout?
    /// The network whose description was used: in module order it lists the tensors that are known.
    package let network: NetworkDescription?
    /// In module order, then those that the network does not know in the checkpoint's order.
    package let tensors: [ViewedTensor]

    /// Views a checkpoint in a layout; nil for its own.
    ///
    /// - Parameter network: the network whose tensors it holds; nil to leave every tensor as it is stored.
    package init(_ checkpoint: Checkpoint, as layout: Layout?, network: NetworkDescription?) {
        self.checkpoint = checkpoint
        guard let network, let own = StructureMatch.layout(of: checkpoint) else {
            (self.layout, self.network) = (nil, nil)
            tensors = checkpoint.tensors.map(ViewedTensor.init)
            return
        }
        self.layout = layout ?? own
        self.network = network
        var builder = ViewBuilder(checkpoint: checkpoint)
        for parameter in network.parameters {
            builder.add(parameter, from: own, to: layout ?? own)
        }
        tensors = builder.finish()
    }

    /// Reads part of a tensor's data, in row-major order and native byte order.
    ///
    /// - Parameters:
    ///   - tensor: one of this view's.
    ///   - start: the first byte to read; a whole element.
    ///   - buffer: filled whole, with whole elements; it must not reach beyond the tensor's end.
    package func read(
        _ tensor: ViewedTensor,
        from start: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(CheckpointError) {
        var (begin, done) = (0, 0)
        for piece in tensor.pieces where done < buffer.count {
            let from = max(0, start + done - begin)
            let count = min(piece.count - from, buffer.count - done)
            if count > 0 {
                let part = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<(done + count)])
                try checkpoint.read(piece.tensor, from: piece.start + from, into: part)
                done += count
            }
            begin += piece.count
        }
        precondition(done == buffer.count, "the part lies within the tensor")
    }
}

/// The network that a checkpoint's tensors belong to.
package struct NetworkMatch: Sendable {
    package let network: NetworkDescription
    /// Whether the tensors are exactly the network's; otherwise it is the nearest that is known.
    package let isExact: Bool

    /// The network of a variant that fits, else that of the checkpoint's own config.json, else that of the variant with the
    /// most names in common; nil where no name is known.
    ///
    /// - Throws: where a config.json beside it cannot be read.
    package init?(_ checkpoint: Checkpoint, registry: Registry) throws(CheckpointError) {
        let match = StructureMatch(checkpoint, registry: registry)
        guard let layout = match.layout else { return nil }
        if let variant = match.variants.first {
            (network, isExact) = (NetworkDescription(variant.config), true)
            return
        }
        if case .diffusers(let reading)? = try Provenance.neighbourConfig(checkpoint) {
            let own = NetworkDescription(reading.config)
            if StructureReport(checkpoint, own, layout).faults.isEmpty {
                (network, isExact) = (own, true)
                return
            }
        }
        var best: (network: NetworkDescription, common: Int)?
        for variant in registry.variants {
            let network = NetworkDescription(variant.config)
            let common = network.tensors(in: layout).count { checkpoint[$0.tensor.name] != nil }
            if common > best?.common ?? 0 { best = (network, common) }
        }
        guard let best else { return nil }
        (network, isExact) = (best.network, false)
    }
}

/// Collects the tensors of a view.
private struct ViewBuilder {
    let checkpoint: Checkpoint
    var tensors: [ViewedTensor] = []
    var taken: Set<UTF8Name> = []

    mutating func add(_ parameter: Parameter, from own: Layout, to layout: Layout) {
        let stored = own == .original ? [parameter.original] : parameter.diffusers
        let wanted = layout == .original ? [parameter.original] : parameter.diffusers
        let found = stored.compactMap { checkpoint[$0.name] }
        guard let dtype = found.first?.descriptor.dtype, found.count == stored.count,
            own == layout || zip(found, stored).allSatisfy({ $0.descriptor.shape == $1.shape }),
            found.allSatisfy({ $0.descriptor.dtype == dtype })
        else {
            return found.forEach { keep($0, as: stored.count == 1 && wanted.count == 1 ? wanted[0].name : nil) }
        }
        if own == layout { return found.forEach { keep($0, as: nil) } }
        for tensor in found { taken.insert(UTF8Name(tensor.descriptor.name)) }
        var rest = found.map { ViewedTensor.Piece(tensor: $0, start: 0, count: $0.byteCount) }[...]
        for target in wanted {
            var pieces: [ViewedTensor.Piece] = []
            var missing = target.shape.byteCount(of: dtype) ?? 0
            while missing > 0, let first = rest.popFirst() {
                let count = min(missing, first.count)
                pieces.append(.init(tensor: first.tensor, start: first.start, count: count))
                missing -= count
                if count < first.count {
                    rest = [.init(tensor: first.tensor, start: first.start + count, count: first.count - count)] + rest
                }
            }
            let descriptor = TensorDescriptor(name: target.name, dtype: dtype, shape: target.shape)
            tensors.append(ViewedTensor(descriptor: descriptor, pieces: pieces))
        }
    }

    /// Takes a tensor as it is stored, under its own name or the one that the layout has for it.
    private mutating func keep(_ tensor: StoredTensor, as name: String?) {
        taken.insert(UTF8Name(tensor.descriptor.name))
        let own = tensor.descriptor
        let descriptor = TensorDescriptor(name: name ?? own.name, dtype: own.dtype, shape: own.shape)
        tensors.append(.init(descriptor: descriptor, pieces: ViewedTensor(tensor).pieces))
    }

    consuming func finish() -> [ViewedTensor] {
        tensors
            + checkpoint.tensors.filter { !taken.contains(UTF8Name($0.descriptor.name)) }.map(ViewedTensor.init)
    }
}
