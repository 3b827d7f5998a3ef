internal import CheckpointIO
package import StrictJSON
internal import TensorCore

extension CheckpointDiff {
    /// What a person would say: one line about the tensors, and one about the configurations where these differ.
    package var answer: [String] {
        var lines = [verdict]
        if let config, config.isDifferent { lines.append(config.answer) }
        return lines
    }

    private var verdict: String {
        let count = tensors.count
        let differing = tensors.filter { !$0.isSame(within: tolerance) }
        let all = selectionWords + (count == 1 ? "the 1 tensor" : "all \(count) tensors")
        let unread = tensors.count { $0.relation == .unread }
        if differing.isEmpty, unread > 0 {
            return
                "the same structure: \(all) ha\(count == 1 ? "s" : "ve") the same name, shape and dtype; the values were not read"
        }
        if differing.isEmpty {
            let inexact = tensors.count { !$0.hasSameBytes }
            if inexact == 0 { return "identical: \(all) hold\(count == 1 ? "s" : "") the same bytes" }
            return "equal within the tolerance (\(inexact) of \(count) tensors \(inexact == 1 ? "differs" : "differ"))"
        }
        return castVerdict(differing) ?? modulesVerdict(differing)
    }

    private var selectionWords: String { ignoredCount > 0 ? "of those selected, " : "" }

    /// Whether one checkpoint is the other in another dtype, where nothing else differs.
    private func castVerdict(_ differing: [TensorComparison]) -> String? {
        guard differing.allSatisfy({ $0.relation == .dtype && $0.casts != nil }) else { return nil }
        let names = (Set(differing.compactMap(\.a?.dtype)), Set(differing.compactMap(\.b?.dtype)))
        guard let (from, to) = names.0.first.flatMap({ from in names.1.first.map { (from, $0) } }), names.0.count == 1,
            names.1.count == 1
        else { return nil }
        let count = "\(differing.count) of \(tensors.count) tensors"
        let (aGivesB, bGivesA) = (
            differing.allSatisfy { $0.casts?.aGivesB == true }, differing.allSatisfy { $0.casts?.bGivesA == true }
        )
        if aGivesB && bGivesA {
            return "B holds exactly A's values as \(to.rawValue) instead of \(from.rawValue): \(count)"
        }
        if aGivesB { return "B is A rounded to \(to.rawValue) (nearest even): \(count)" }
        if bGivesA { return "A is B rounded to \(from.rawValue) (nearest even): \(count)" }
        let (down, others) =
            from.bitCount < to.bitCount
            ? ("A is not B rounded to \(from.rawValue)", \CastFinding.bGivesA)
            : ("B is not A rounded to \(to.rawValue)", \CastFinding.aGivesB)
        let wrong = differing.count { $0.casts?[keyPath: others] == false }
        return "\(down): \(wrong) of \(tensors.count) tensors differ from that\(relativeWords(differing))"
    }

    private func modulesVerdict(_ differing: [TensorComparison]) -> String {
        let tops = modules.filter { $0.depth == 1 }
        var clauses: [String] = []
        if layout != nil, tops.count <= 4 {
            clauses = tops.map { module in
                let name = "the \(module.name.escaped(limit: 40))"
                let inBoth = differing.filter { isInBoth($0) && Self.top($0) == module.name }
                guard !inBoth.isEmpty else { return module.differingCount == 0 ? name + " is identical" : "" }
                return "\(name) differs in \(inBoth.count) of \(module.tensorCount) tensors\(relativeWords(inBoth))"
            }
        } else {
            let inBoth = differing.filter(isInBoth)
            if !inBoth.isEmpty {
                clauses = ["\(inBoth.count) of \(tensors.count) tensors differ\(relativeWords(inBoth))"]
            }
        }
        clauses.removeAll(where: \.isEmpty)
        func add(_ relation: TensorComparison.Relation, _ words: (Int) -> String) {
            let count = differing.count { $0.relation == relation }
            if count > 0 { clauses.append(words(count)) }
        }
        add(.removed) { "\($0) tensor\($0 == 1 ? " is" : "s are") only in A" }
        add(.added) { "\($0) tensor\($0 == 1 ? " is" : "s are") only in B" }
        add(.renamed) { "\($0) tensor\($0 == 1 ? " has" : "s have") another name but the same content" }
        return selectionWords + clauses.joined(separator: "; ")
    }

    private static func top(_ tensor: TensorComparison) -> String {
        ModulePath.parts(of: tensor.name, isKnown: true)[0]
    }

    private func isInBoth(_ tensor: TensorComparison) -> Bool {
        [.changed, .dtype, .shape].contains(tensor.relation)
    }

    private func relativeWords(_ tensors: [TensorComparison]) -> String {
        var sum = ValueDifference()
        for tensor in tensors { if let values = tensor.values { sum += values } }
        guard sum.count > 0 else { return "" }
        if sum.differingCount == 0 { return ", with equal values" }
        var words = ", relative RMS \(sum.relativeRMS.brief)"
        let mismatches = sum.nanMismatchCount + sum.infinityMismatchCount
        if mismatches > 0 { words += ", \(mismatches) value\(mismatches == 1 ? "" : "s") NaN or infinite on one side" }
        return words
    }
}

extension ConfigComparison {
    /// The fields that differ, in a sentence.
    package var answer: String {
        if case .unknownModel(let x) = a, case .unknownModel(let y) = b {
            return "the configs name different models: \(x.escaped(limit: 60)) in A, \(y.escaped(limit: 60)) in B"
        }
        guard fields.count > 1 else {
            return "the configs differ: "
                + fields.map { "\($0.name) is \(Self.show($0.a)) in A and \(Self.show($0.b)) in B" }.joined()
        }
        // What they are is in the table.
        let more = fields.count > 3 ? " and \(fields.count - 3) more" : ""
        let names = fields.prefix(3).map(\.name).joined(separator: ", ")
        return "the configs differ in \(fields.count) fields: \(names)\(more)"
    }

    /// A field's value for people.
    package static func show(_ value: JSONValue?) -> String {
        value.map { JSONWriter.inline($0).escaped(limit: 44) } ?? "missing"
    }
}

extension ValueDifference {
    /// Whether bytes differ but no value does: signs of zero, or the bits of a NaN.
    package var isEqualInValue: Bool { count > 0 && differingCount == 0 }
}

extension ConfigComparison {
    /// Why two configurations were not held against each other, where they were not.
    package var doubt: String {
        let sides = [("A", a), ("B", b)].compactMap { name, side -> String? in
            switch side {
            case .unknownModel(let model): "\(name) names an unknown model, \(model.escaped(limit: 60))"
            case .unusable(let reason): "\(name)'s is not usable: \(reason)"
            case .none: "\(name) has none beside it"
            case .known: nil
            }
        }
        return "the configs are not compared: " + sides.joined(separator: "; ")
    }

    /// The same for two checkpoints, of which either may well have no configuration: nil where nothing is odd.
    package var oddity: String? {
        if isCompared { return nil }
        if a == .none && b == .none { return nil }
        return doubt
    }
}

extension TensorComparison {
    /// What became of it, in a few words.
    package var words: String {
        switch relation {
        case .identical: return "identical"
        case .unread: return "not read"
        case .changed: return values?.isEqualInValue == true ? "equal values" : "changed"
        case .added: return "only in B"
        case .removed: return "only in A"
        case .renamed: return "now " + (b?.name.escaped(limit: 60) ?? "")
        case .shape:
            let shapes = "\(Self.show(a?.shape)) -> \(Self.show(b?.shape))"
            return hasSameBytes ? shapes + ", same bytes" : shapes
        case .dtype:
            let types = "\(a?.dtype.rawValue ?? "") -> \(b?.dtype.rawValue ?? "")"
            guard let casts else { return types }
            switch (casts.aGivesB, casts.bGivesA) {
            case (true, true): return types + ", equal values"
            case (true, false): return types + ", rounded"
            case (false, true): return types + ", rounded back"
            case (false, false): return types + ", changed"
            }
        }
    }

    private static func show(_ shape: Shape?) -> String { shape?.description.escaped(limit: 40) ?? "" }
}

extension TensorComparison {
    /// What comes first in a list: what has no comparable values, then the largest relative RMS; the identical last.
    var rank: Double { relation == .identical || relation == .unread ? -1 : values?.relativeRMS ?? .infinity }
}

extension [TensorComparison] {
    /// By rank; ties as they stand.
    package var largestFirst: [TensorComparison] {
        enumerated().sorted { ($0.element.rank, $1.offset) > ($1.element.rank, $0.offset) }.map(\.element)
    }
}
