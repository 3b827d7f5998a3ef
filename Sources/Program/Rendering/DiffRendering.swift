internal import CheckpointIO
internal import Inspection
internal import ModelZoo
internal import Models
internal import StrictJSON
internal import TensorCore

/// Shows how two checkpoints differ: the answer first, then by module, then by tensor.
struct DiffRendering {
    let diff: CheckpointDiff
    /// The most tensors that are listed.
    let limit: Int

    func printAnswer() {
        for line in diff.answer { Terminal.print(Terminal.bold(line)) }
    }

    func print() {
        printAnswer()
        Terminal.print()
        Terminal.print("A  " + describe(diff.a))
        Terminal.print("B  " + describe(diff.b))
        if diff.ignoredCount > 0 { Terminal.print("\(diff.ignoredCount) tensors were left out") }
        if let oddity = diff.config?.oddity { Terminal.print(oddity) }
        let isAllIdentical = diff.tensors.allSatisfy { $0.relation == .identical || $0.relation == .unread }
        if !isAllIdentical { printModules() }
        if !isAllIdentical { printTensors() }
        if let config = diff.config { Self.printFields(of: config) }
        printMetadata()
    }

    private func describe(_ side: CheckpointDiff.Side) -> String {
        var facts = [side.format.rawValue]
        if let layout = side.layout { facts.append("\(layout.rawValue) layout") }
        facts.append("\(side.tensorCount) tensors")
        facts.append(side.dtypes.prefix(4).map(\.rawValue).joined(separator: " ") + " " + ByteSize.show(side.byteCount))
        return side.path.escaped(limit: 400) + "  (" + facts.joined(separator: ", ") + ")"
    }

    private func printModules() {
        let modules = diff.modules
        guard modules.count > 1 else { return }
        Terminal.print()
        var table = Table(
            ["MODULE", "TENSORS", "DIFFER", "REL RMS", "RMS", "MAX ABS"],
            right: [1, 2, 3, 4, 5],
            shortened: 0
        )
        for module in modules.prefix(200) {
            let name = (module.depth > 1 ? "  " : "") + module.name.escaped()
            var cells = [
                name, String(module.tensorCount), module.differingCount == 0 ? "-" : String(module.differingCount),
            ]
            if let values = module.values {
                cells += [values.relativeRMS.brief, values.rms.brief, values.largest.brief]
            } else {
                cells += ["", "", ""]
            }
            table.add(cells)
        }
        table.print()
        if modules.count > 200 { Terminal.print("and \(modules.count - 200) more") }
    }

    private func printTensors() {
        let listed = diff.tensors.filter { $0.relation != .identical && $0.relation != .unread }.largestFirst
        guard !listed.isEmpty, limit > 0 else { return }
        Terminal.print()
        var table = Table(
            ["TENSOR", "WHAT", "REL RMS", "RMS", "MAX ABS", "COSINE", "ULP", "DIFFER", "FIRST"],
            right: [2, 3, 4, 5, 6, 7],
            shortened: 0,
            optional: [8, 6, 3, 5]
        )
        for tensor in listed.prefix(limit) { table.add(row(tensor)) }
        table.print()
        if listed.count > limit { Terminal.print("and \(listed.count - limit) more: --all lists them") }
    }

    private func row(_ tensor: TensorComparison) -> [String] {
        let cells = [tensor.name.escaped(limit: 100), tensor.words]
        guard let values = tensor.values else { return cells + Array(repeating: "", count: 7) }
        return cells + [
            values.relativeRMS.brief, values.rms.brief, values.largest.brief, values.cosine?.fixed(6) ?? "-",
            values.ulps.map { $0 > 999_999_999 ? Double($0).brief : Int($0).grouped } ?? "-",
            "\(values.differingCount.grouped) of \(values.count.grouped)",
            tensor.firstIndex.map { Shape($0).description } ?? "-",
        ]
    }

    static func printFields(of config: ConfigComparison) {
        guard !config.fields.isEmpty else { return }
        Terminal.print()
        var table = Table(["CONFIG", "A", "B"])
        for field in config.fields {
            table.add([field.name, ConfigComparison.show(field.a), ConfigComparison.show(field.b)])
        }
        table.print()
    }

    private func printMetadata() {
        guard !diff.metadata.isEmpty else { return }
        Terminal.print()
        var table = Table(["METADATA", "A", "B"])
        for field in diff.metadata.prefix(20) {
            table.add([field.key.escaped(limit: 60), ConfigComparison.show(field.a), ConfigComparison.show(field.b)])
        }
        table.print()
        if diff.metadata.count > 20 { Terminal.print("and \(diff.metadata.count - 20) more") }
    }
}
