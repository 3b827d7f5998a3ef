internal import CheckpointIO
internal import Inspection
internal import ModelZoo
internal import Models
internal import StrictJSON
internal import TensorCore

/// What `inspect` shows.
enum InspectRendering {
    /// What the headers say.
    static func show(_ summary: CheckpointSummary) {
        func line(_ label: String, _ text: String) {
            Terminal.print("  \(label)\(String(repeating: " ", count: max(1, 12 - label.count)))\(text)")
        }
        let (checkpoint, model, modules) = (summary.checkpoint, summary.model, summary.modules)
        Terminal.print(Terminal.bold(checkpoint.path.escaped(limit: 400)))
        line("format", formatName(checkpoint))
        if let pipeline = model.pipeline { line("pipeline", pipeline.summary) }
        let part = model.part == .whole ? "" : ", the \(model.part.rawValue) alone"
        let layout = model.otherModel == nil ? model.layout : nil
        if let latent = latent(checkpoint) { line("latent", latent) }
        line("layout", layout.map { "\($0.rawValue) DC-AE\(part)" } ?? "not a DC-AE layout")
        if let other = model.otherModel {
            line("model", other.text)
        } else if case .several(let sections)? = model.problem {
            let names = sections.prefix(4).map { $0.escaped(limit: 40) }.joined(separator: ", ")
            line(
                "networks",
                "\(sections.count), under \(names)\(sections.count > 4 ? " and others" : ""); --section takes one"
            )
        } else if !model.structural.isEmpty {
            line("fits", model.structural.map(\.name).joined(separator: ", "))
        } else if model.config != nil {
            line("fits", "its own config.json, but no known variant")
        } else if model.layout != nil, let mismatch = model.mismatch {
            line("variant", "unknown; \(mismatch)")
        }
        if let factor = model.scalingText { line("factor", factor) }
        let size = ByteSize.show(checkpoint.byteCount)
        line("tensors", "\(checkpoint.tensors.count), \(summary.elementCount.grouped) values, \(size)")
        line(
            "dtypes",
            summary.dtypes.map { "\($0.dtype.rawValue) \(ByteSize.show($0.bytes)) in \($0.tensors)" }
                .joined(separator: ", ")
        )
        let metadata = checkpoint.metadata.prefix(8).map { member in
            "\(member.key.escaped(limit: 40)) = \((member.value.string ?? "").escaped(limit: 60))"
        }
        let more = checkpoint.metadata.count > 8 ? ", and \(checkpoint.metadata.count - 8) more" : ""
        let text = metadata.isEmpty ? "none" : metadata.joined(separator: ", ") + more
        for (index, part) in LabelledLines.broken(text, to: max(20, Terminal.textWidth - 14)).enumerated() {
            line(index == 0 ? "metadata" : "", part)
        }
        guard !modules.isEmpty else { return }
        Terminal.print()
        var table = Table(["MODULE", "TENSORS", "VALUES", "SIZE"], right: [1, 2, 3])
        for module in modules.prefix(200) {
            table.add([
                module.name.escaped(), String(module.tensors), module.elements.grouped,
                ByteSize.show(module.bytes),
            ])
        }
        table.print()
        if modules.count > 200 { Terminal.print("and \(modules.count - 200) more") }
    }

    /// What a latent says of itself that `encode` wrote; nil for anything else.
    private static func latent(_ checkpoint: Checkpoint) -> String? {
        func text(_ name: String) -> String? {
            checkpoint.metadata.first { $0.key == "dcae." + name }?.value.string?.escaped(limit: 60)
        }
        guard let model = text("model"), let scaled = text("scaled"), checkpoint.tensors.count == 1 else { return nil }
        let said = text("normalization").flatMap { try? JSONReader.read(Array($0.utf8)) }
        let factor = said?.members?.count == 1 ? said?["scaling_factor"]?.number.map { " by \($0)" } ?? "" : ""
        return "encoded by dcae with \(model), " + (scaled == "true" ? "scaled\(factor)" : "not scaled")
    }

    private static func formatName(_ checkpoint: Checkpoint) -> String {
        let isSharded = checkpoint.files.count > 1 || checkpoint.indexPath != nil
        return checkpoint.format.rawValue + (isSharded ? ", \(checkpoint.files.count) shards" : "")
            + (checkpoint.isCompressed ? ", compressed with zstd" : "")
    }

    /// Every tensor, from the headers.
    static func show(_ listing: TensorListing) {
        let isSharded = Set(listing.tensors.map(\.file)).count > 1
        var table = Table(
            ["TENSOR", "DTYPE", "SHAPE", "BYTES"] + (isSharded ? ["FILE"] : []),
            right: [3],
            shortened: 0
        )
        for tensor in listing.tensors {
            table.add(
                [
                    tensor.descriptor.name.escaped(limit: 200), tensor.descriptor.dtype.rawValue,
                    tensor.descriptor.shape.description.clipped(toBytes: 80), tensor.byteCount.grouped,
                ] + (isSharded ? [tensor.file.escaped(limit: 80)] : [])
            )
        }
        table.print()
    }

    /// The modules as a tree.
    static func show(_ tree: ModuleTree, of checkpoint: Checkpoint, _ listing: TensorListing) {
        var table = Table(
            ["MODULE", "TENSORS", "VALUES", "SIZE", "DTYPE", "SHAPE"],
            right: [1, 2, 3],
            shortened: 0,
            optional: [3]
        )
        table.add([
            ModelFolder.name(of: checkpoint.path).escaped(), String(listing.tensors.count),
            (listing.tensors.reduce(0) { $0 + $1.elementCount }).grouped,
            ByteSize.show(listing.tensors.reduce(0) { $0 + $1.byteCount }), "", "",
        ])
        for row in tree.rows {
            table.add([
                row.guide + row.name.escaped(limit: 200), row.tensor == nil ? String(row.tensors) : "",
                row.elements.grouped, ByteSize.show(row.bytes), row.tensor?.dtype.rawValue ?? "",
                row.tensor?.shape.description.clipped(toBytes: 80) ?? "",
            ])
        }
        table.print()
    }
}
