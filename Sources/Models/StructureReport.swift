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
    /// The counters of batch norm that are missing, and those that are stored in another dtype than I64. No program reads
    /// them, so they are never a difference.
    package let missingCounters: [String]
    package let oddCounters: [(name: String, dtype: DType)]

    /// Compares the tensors of a checkpoint with those of a network.
    ///
    /// - Parameter part: which tensors the checkpoint should hold; the whole network's by default.
    package init(
        _ checkpoint: Checkpoint,
        _ network: NetworkDescription,
        _ layout: Layout,
        part: NetworkPart = .whole
    ) {
        var faults: [Fault] = []
        var known: Set<UTF8Name> = []
        var missingCounters: [String] = []
        var oddCounters: [(name: String, dtype: DType)] = []
        for parameter in network.parameters where part.includes(parameter) {
            for tensor in layout.tensors(of: parameter) {
                known.insert(UTF8Name(tensor.name))
                let isCounter = parameter.kind == .batchCounter
                guard let found = checkpoint[tensor.name]?.descriptor else {
                    if isCounter { missingCounters.append(tensor.name) } else { faults.append(.missing(tensor.name)) }
                    continue
                }
                if found.shape != tensor.shape, !isCounter {
                    faults.append(.shape(tensor.name, expected: tensor.shape, found: found.shape))
                } else if isCounter {
                    if found.dtype == .i64, found.shape == tensor.shape { continue }
                    if found.dtype.isInteger || found.dtype.isWeightFormat || found.dtype == .f64 {
                        oddCounters.append((tensor.name, found.dtype))
                    } else {
                        faults.append(.dtype(tensor.name, expected: "I64", found: found.dtype))
                    }
                } else if !found.dtype.isWeightFormat {
                    faults.append(.dtype(tensor.name, expected: DType.weightFormats, found: found.dtype))
                }
            }
        }
        for tensor in checkpoint.tensors where !known.contains(UTF8Name(tensor.descriptor.name)) {
            faults.append(.unexpected(tensor.descriptor.name))
        }
        self.faults = faults
        self.missingCounters = missingCounters
        self.oddCounters = oddCounters
    }

    /// Whether the tensors are those of the network.
    package var fits: Bool { faults.isEmpty }

    /// What is said of counters that are missing or stored otherwise, a line each.
    package var notes: [String] {
        var notes: [String] = []
        if !missingCounters.isEmpty {
            let count = missingCounters.count
            notes.append(
                "\(count) batch counter\(count == 1 ? " is" : "s are") missing (\(Self.first(missingCounters))); "
                    + "no program reads them, and they are taken as 0"
            )
        }
        if !oddCounters.isEmpty {
            let count = oddCounters.count
            let dtypes = Set(oddCounters.map(\.dtype)).subtracting([.i64]).sorted().map(\.rawValue)
            let how =
                dtypes.isEmpty
                ? "in another shape than that of one number"
                : "as \(dtypes.joined(separator: " and ")) instead of I64"
            notes.append(
                "\(count) batch counter\(count == 1 ? " is" : "s are") stored \(how) "
                    + "(\(Self.first(oddCounters.map(\.name)))); no program reads them"
            )
        }
        return notes
    }

    private static func first(_ names: [String]) -> String {
        (names.first ?? "").escaped(limit: 60) + (names.count > 1 ? " …" : "")
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

/// Which of a network's parameters a checkpoint holds.
package enum NetworkPart: String, Sendable {
    case whole, encoder, decoder

    /// Whether a parameter belongs to it.
    package func includes(_ parameter: Parameter) -> Bool {
        switch self {
        case .whole: true
        case .encoder: parameter.isEncoder
        case .decoder: !parameter.isEncoder
        }
    }
}
