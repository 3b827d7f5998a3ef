internal import CheckpointIO
internal import DCAE
internal import Images
internal import Inference
internal import ModelZoo
internal import Models
internal import StrictJSON
internal import TensorCore

/// Runs files through a network and shows what became of them; what encode and decode have in common.
struct RunOutput {
    let title: String
    let what: String
    let model: LoadedModel
    let scaling: LatentNormalization?
    let common: CommonOptions
    /// How pictures were made to fit the network.
    var fitting = "fitted"

    func run(_ run: NetworkRun, _ files: [RunFile]) throws {
        let scale = 1000
        let bar = Progress(title, total: files.count * scale, of: .inputs(steps: scale), quiet: common.quiet)
        defer { bar.finish() }
        var shown = 0
        var items: [NetworkRun.Item] = []
        var skipped: [any Refusal] = []
        var hasNonFinite = false
        var said: Set<String> = []
        var observer = NetworkRun.Observer()
        observer.progress = { index, part in
            let now = index * scale + Int(part * Double(scale))
            bar.advance(now - shown)
            shown = now
        }
        observer.done = { item in
            // Kept for the document alone: a run may have a million files.
            if common.json { items.append(item) }
            bar.finish()
            if item.statistics.nonFiniteCount > 0 { hasNonFinite = true }
            // The same note on every file of a folder is said once.
            for note in item.notes where said.insert(note).inserted {
                common.say(["\(item.input.escaped(limit: 300)): \(note)"])
            }
            // What is wrong with the data is said whatever else is silent.
            let isSaid = !common.quiet || item.statistics.nonFiniteCount > 0
            for warning in item.warnings {
                Terminal.warn(.values, "\(item.input.escaped(limit: 300)): \(warning.forProgram)", isSaid: isSaid)
            }
            guard !common.json else { return }
            if common.quiet { return item.outputs.forEach { Terminal.print($0) } }
            Terminal.print(line(item))
        }
        observer.skipped = { error in
            skipped.append(error)
            bar.finish()
            Terminal.fail(error)
        }
        // What was written before an error is written.
        var isDone = false
        defer {
            if common.json, isDone || !items.isEmpty || !skipped.isEmpty { Terminal.print(document(items, skipped)) }
        }
        try run.run(files, observer)
        isDone = true
        bar.finish()
        guard !skipped.isEmpty else {
            if hasNonFinite { throw Ending.finding("values came out NaN or infinite") }
            return
        }
        let message = "\(skipped.count) of \(files.count) files were skipped"
        if !common.quiet { Terminal.say("dcae: \(message)") }
        throw Ending.someFailed(message)
    }

    private func line(_ item: NetworkRun.Item) -> String {
        let statistics = item.statistics
        var text = "wrote \(item.outputs.joined(separator: ", ")) (\(what) \(Shape(item.dimensions))"
        text += ", mean \(statistics.mean.fixed(4)), rms \(statistics.rms.fixed(4))"
        text += ", \(item.seconds.fixed(2)) s)"
        if let fitted = item.fitted, let size = item.size, fitted.size != size {
            text += " from \(size), \(fitting) to \(fitted.size)"
        }
        return text
    }

    private static func document(_ normalization: LatentNormalization?) -> JSONValue {
        guard let normalization else { return .null }
        return .object(normalization.members + [.init("formula", .string(normalization.formula()))])
    }

    private func document(_ items: [NetworkRun.Item], _ skipped: [any Refusal]) -> JSONValue {
        [
            "variant": JSONValue(model.source.variant?.name),
            "scaled": .bool(scaling != nil),
            "scaling_factor": JSONValue(scaling?.scalingFactor),
            "normalization": Self.document(scaling),
            "results": .array(items.map(document)),
            "errors": .array(skipped.map(\.details.document)),
        ]
    }

    private func document(_ item: NetworkRun.Item) -> JSONValue {
        [
            "input": .string(item.input), "outputs": JSONValue(item.outputs), "shape": JSONValue(item.dimensions),
            "mean": .double(item.statistics.mean), "rms": .double(item.statistics.rms),
            "min": .double(item.statistics.minimum), "max": .double(item.statistics.maximum),
            "brought_back": Self.document(item.broughtBack),
            "non_finite_count": .integer(item.statistics.nonFiniteCount), "seconds": .double(item.seconds),
            "size": item.size.map { JSONValue(width: $0.width, height: $0.height) } ?? .null,
            "network_size": item.fitted.map { JSONValue(width: $0.size.width, height: $0.size.height) } ?? .null,
            "content": item.fitted.map { fitted in
                let part = fitted.content
                return [
                    "x": .integer(part.x), "y": .integer(part.y), "width": .integer(part.width),
                    "height": .integer(part.height),
                ]
            } ?? .null,
        ]
    }
}
