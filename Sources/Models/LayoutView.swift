package import CheckpointIO
package import ModelZoo
package import TensorCore

/// A tensor as a layout names and cuts it, wherever its elements are stored.
package struct ViewedTensor: Sendable {
    /// A run of a stored tensor's elements.
    package struct Piece: Sendable {
        /// The stored tensor, its dimensions in the parameter's own order.
        package let tensor: StoredTensor
        /// The first byte of the run in the stored tensor's data, in row-major order.
        package let start: Int
        package let count: Int
    }

    /// Name, element type and shape in the layout of the view.
    package let descriptor: TensorDescriptor
    /// Where its elements are, in their order; none where the checkpoint does not hold it as it is shown.
    package let pieces: [Piece]
    /// The elements themselves, where no stored bytes are theirs: a batch counter that is missing or is no whole number.
    package let literal: [UInt8]?

    /// The number of bytes of its data.
    package var byteCount: Int { literal?.count ?? pieces.reduce(0) { $0 + $1.count } }

    /// A tensor as it is stored.
    package init(_ tensor: StoredTensor) {
        self.init(descriptor: tensor.descriptor, pieces: [Piece(tensor: tensor, start: 0, count: tensor.byteCount)])
    }

    init(descriptor: TensorDescriptor, pieces: [Piece], literal: [UInt8]? = nil) {
        self.descriptor = descriptor
        self.pieces = pieces
        self.literal = literal
    }
}

/// A checkpoint as if it were stored in a given layout: names, shapes, dtypes, and where the bytes of each tensor are.
///
/// A plan of a conversion, its check, the weights of a network, differences, digests and statistics all look at a
/// checkpoint through a view. Tensors that the network's description does not know, or whose shape is not the one that it
/// states, keep their own names, so that a view never hides a tensor.
package struct LayoutView: Sendable {
    package let checkpoint: Checkpoint
    /// The layout of the names, or nil where the tensors are not those of a DC-AE.
    package let layout: Layout?
    /// The network whose description was used: in module order it lists the tensors that are known.
    package let network: NetworkDescription?
    /// In module order, then those that the network does not know in the checkpoint's order.
    package let tensors: [ViewedTensor]

    /// Every tensor as it is stored.
    package init(_ checkpoint: Checkpoint) {
        self.checkpoint = checkpoint
        (layout, network) = (nil, nil)
        tensors = checkpoint.tensors.map(ViewedTensor.init)
    }

    /// Views a checkpoint in a layout.
    ///
    /// - Parameters:
    ///   - own: the layout in which it is stored; nil where it is of none, which leaves every tensor as it is.
    ///   - layout: the layout of the view; nil for its own.
    ///   - network: the network whose tensors it holds; nil to leave every tensor as it is stored.
    ///   - part: the part of the network that it holds.
    ///   - counters: the values of batch counters that are missing or stored otherwise, by their names in its own layout.
    ///   - joinsMixed: whether tensors of different dtypes are joined into one, whose pieces then need a cast before they are
    ///     read; otherwise they keep their own names.
    package init(
        _ checkpoint: Checkpoint,
        in own: Layout?,
        as layout: Layout?,
        network: NetworkDescription?,
        part: NetworkPart = .whole,
        counters: [UTF8Name: Int64] = [:],
        joinsMixed: Bool = false
    ) {
        self.checkpoint = checkpoint
        guard let network, let own else {
            (self.layout, self.network) = (nil, nil)
            tensors = checkpoint.tensors.map(ViewedTensor.init)
            return
        }
        self.layout = layout ?? own
        self.network = network
        var builder = ViewBuilder(checkpoint: checkpoint, counters: counters, joinsMixed: joinsMixed)
        for parameter in network.parameters where part.includes(parameter) {
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
        if let literal = tensor.literal {
            return buffer.copyBytes(from: literal[start..<(start + buffer.count)])
        }
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

/// Collects the tensors of a view.
private struct ViewBuilder {
    let checkpoint: Checkpoint
    let counters: [UTF8Name: Int64]
    let joinsMixed: Bool
    var tensors: [ViewedTensor] = []
    var taken: Set<UTF8Name> = []

    init(checkpoint: Checkpoint, counters: [UTF8Name: Int64], joinsMixed: Bool) {
        self.checkpoint = checkpoint
        self.counters = counters
        self.joinsMixed = joinsMixed
    }

    mutating func add(_ parameter: Parameter, from own: Layout, to layout: Layout) {
        let stored = own.tensors(of: parameter)
        let wanted = layout.tensors(of: parameter)
        if parameter.kind == .batchCounter, let value = counters[UTF8Name(stored[0].name)] {
            taken.insert(UTF8Name(stored[0].name))
            let descriptor = TensorDescriptor(name: wanted[0].name, dtype: .i64, shape: wanted[0].shape)
            let bytes = withUnsafeBytes(of: value) { Array($0) }
            return tensors.append(ViewedTensor(descriptor: descriptor, pieces: [], literal: bytes))
        }
        let found = stored.compactMap { checkpoint[$0.name] }
        let isWhole = found.count == stored.count && zip(found, stored).allSatisfy { $0.descriptor.shape == $1.shape }
        // What is cut or permuted must have the shape that the rule is for; several are joined only where they are alike.
        guard let dtype = found.map(\.descriptor.dtype).max(), own == layout || isWhole,
            found.count == stored.count, joinsMixed || found.allSatisfy({ $0.descriptor.dtype == dtype })
        else {
            return found.forEach { keep($0, as: stored.count == 1 && wanted.count == 1 ? wanted[0].name : nil) }
        }
        if own == layout { return found.forEach { keep($0, as: nil) } }
        for tensor in found { taken.insert(UTF8Name(tensor.descriptor.name)) }
        var rest = zip(found, stored).map { tensor, form in
            ViewedTensor.Piece(tensor: tensor.permuted(back: form.axes), start: 0, count: tensor.byteCount)
        }[...]
        for target in wanted {
            var pieces: [ViewedTensor.Piece] = []
            var missing = target.shape.elementCount ?? 0
            while missing > 0, let first = rest.popFirst() {
                let size = first.tensor.descriptor.dtype.byteCount ?? 1
                let count = min(missing * size, first.count)
                pieces.append(.init(tensor: first.tensor, start: first.start, count: count))
                missing -= count / size
                if count < first.count {
                    rest = [.init(tensor: first.tensor, start: first.start + count, count: first.count - count)] + rest
                }
            }
            if let axes = target.axes, pieces.count == 1 {
                let piece = pieces[0]
                pieces = [.init(tensor: piece.tensor.permuted(to: axes), start: piece.start, count: piece.count)]
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

extension StoredTensor {
    /// The same elements with their dimensions in another order: dimension i of the result is dimension `axes[i]` of this.
    fileprivate func permuted(to axes: [Int]) -> StoredTensor {
        let sizes = descriptor.shape.dimensions
        var strides = location.strides ?? []
        if strides.isEmpty {
            var step = 1
            strides = sizes.reversed().map { size in
                defer { step *= max(1, size) }
                return step
            }.reversed()
        }
        let shape = axes.map { sizes[$0] }
        let order = axes.map { strides[$0] }
        // A dimension of one element has no distance: the elements may still follow each other.
        var (expected, isContiguous) = (1, true)
        for (size, stride) in zip(shape, order).reversed() where size != 1 {
            if stride != expected { isContiguous = false }
            expected *= size
        }
        return StoredTensor(
            descriptor: TensorDescriptor(name: descriptor.name, dtype: descriptor.dtype, shape: Shape(shape)),
            location: location.strided(isContiguous ? nil : order)
        )
    }

    /// Undoes a permutation: dimension `axes[i]` of the result is dimension i of this.
    fileprivate func permuted(back axes: [Int]?) -> StoredTensor {
        guard let axes else { return self }
        var inverse = axes
        for (index, axis) in axes.enumerated() { inverse[axis] = index }
        return permuted(to: inverse)
    }
}
