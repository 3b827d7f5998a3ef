package import CheckpointIO
package import ModelZoo
package import TensorCore

/// How the tensors of a checkpoint differ from those that a network has.
package struct StructureReport: Sendable {
    /// One difference.
    package enum Fault: Sendable, Equatable {
        case missing(String)
        case unexpected(String)
        case shape(String, expected: Shape, found: Shape)
        case dtype(String, expected: String, found: DType)

        /// The tensor's name.
        package var tensor: String {
            switch self {
            case .missing(let name), .unexpected(let name), .shape(let name, _, _), .dtype(let name, _, _): name
            }
        }

        /// The difference in words, without the tensor's name.
        package var message: String {
            switch self {
            case .missing: "missing"
            case .unexpected: "unexpected"
            case .shape(_, let expected, let found):
                "shape \(found.description.escaped(limit: 60)) instead of \(expected)"
            case .dtype(_, let expected, let found): "dtype \(found.rawValue) instead of \(expected)"
            }
        }
    }

    /// The differences: missing and malformed tensors in module order, then the unexpected ones.
    package let faults: [Fault]

    package init(_ checkpoint: Checkpoint, _ network: NetworkDescription, _ layout: Layout) {
        var faults: [Fault] = []
        var known: Set<UTF8Name> = []
        for (tensor, kind) in network.tensors(in: layout) {
            known.insert(UTF8Name(tensor.name))
            guard let found = checkpoint[tensor.name]?.descriptor else {
                faults.append(.missing(tensor.name))
                continue
            }
            if found.shape != tensor.shape {
                faults.append(.shape(tensor.name, expected: tensor.shape, found: found.shape))
            } else if kind == .batchCounter ? found.dtype != .i64 : !found.dtype.isWeightFormat {
                let expected = kind == .batchCounter ? "I64" : "a float"
                faults.append(.dtype(tensor.name, expected: expected, found: found.dtype))
            }
        }
        for tensor in checkpoint.tensors where !known.contains(UTF8Name(tensor.descriptor.name)) {
            faults.append(.unexpected(tensor.descriptor.name))
        }
        self.faults = faults
    }

    /// The differences counted, with the first of them: `3 missing, 1 unexpected; first decoder.conv_out.weight: missing`.
    package var summary: String {
        var counts: [String] = []
        func count(_ what: String, _ matches: (Fault) -> Bool) {
            let number = faults.count(where: matches)
            if number > 0 { counts.append("\(number) \(what)") }
        }
        count("missing") { if case .missing = $0 { true } else { false } }
        count("unexpected") { if case .unexpected = $0 { true } else { false } }
        count("of another shape") { if case .shape = $0 { true } else { false } }
        count("of another dtype") { if case .dtype = $0 { true } else { false } }
        guard let first = faults.first else { return "in nothing" }
        return counts.joined(separator: ", ") + " (first \(first.tensor.escaped(limit: 60)): \(first.message))"
    }
}
