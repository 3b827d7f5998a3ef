internal import ArgumentParser
internal import CheckpointIO
internal import Inference
internal import TensorCore

/// A page that a command writes besides what it prints.
struct PageArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Also write the result as one self-contained HTML page with sortable tables.",
            valueName: "file"
        ),
        completion: .file(extensions: ["html"])
    )
    var html: String?

    @OptionGroup var writing: WritingArguments

    /// Prepares the page's file before the work begins, so that it is refused early where it is there already.
    func prepare(sources: [InputFile], force: Bool) throws(CheckpointError) -> OutputDocument? {
        guard let html else { return nil }
        return try OutputDocument(html, force: force, sources: sources, durability: writing.durability)
    }

    /// The files that it writes.
    var outputs: [String] { html.map { [$0] } ?? [] }

    func sayWritten() {
        if let html { Terminal.print("wrote \(html.escaped(limit: 400))") }
    }
}
