package import Calibration
internal import CheckpointIO
internal import Files
package import Images
internal import TensorCore

/// The pictures of a folder that belong to those of another, by their names.
package struct PictureFolderPairs: Sendable {
    private let folder: String
    private let exact: [UTF8Name: String]
    /// By the path below the folder without its ending; nil where several files have it.
    private let stems: [UTF8Name: String?]
    /// The same where names count as one that Unicode holds to be the same, as texts in Swift do: macOS takes letters with
    /// accents apart, and other systems keep them as they were written.
    private let canonical: [String: String?]

    /// Finds the pictures of a folder.
    ///
    /// - Throws: for a folder that cannot be read or holds no picture.
    package init(_ folder: String) throws {
        // A name that is there neither as a folder nor as a file would be one picture without a partner.
        if !Folder.exists(folder) { _ = try InputFile(lookingAt: folder) }
        self.folder = folder
        let entries = try PictureSet(at: [folder]).entries
        exact = Dictionary(entries.map { (UTF8Name($0.key), $0.path) }, uniquingKeysWith: { first, _ in first })
        stems = Dictionary(
            entries.map { (UTF8Name(Path.withoutExtension($0.key)), $0.path) },
            uniquingKeysWith: { _, _ in nil }
        )
        canonical = Dictionary(
            entries.map { (Path.withoutExtension($0.key), $0.path) },
            uniquingKeysWith: { _, _ in nil }
        )
    }

    /// The picture that belongs to another: of the same name, or of one that differs in its ending or in the form of its letters alone.
    ///
    /// - Throws: where there is none, or where there are several.
    package func path(for entry: PictureSet.Entry) throws(ImageRefusal) -> String {
        if let path = exact[UTF8Name(entry.key)] { return path }
        let stem = Path.withoutExtension(entry.key)
        switch stems[UTF8Name(stem)] ?? canonical[stem] {
        case .some(.some(let path)): return path
        case .some(.none): throw ImageRefusal(entry.path, .severalPartners(folder: folder))
        case .none: throw ImageRefusal(entry.path, .noPartner(folder: folder))
        }
    }

    /// The pictures that belong to none of these, by their paths.
    package func leftOver(_ entries: [PictureSet.Entry]) -> [String] {
        let used = Set(entries.compactMap { try? path(for: $0) }.map { UTF8Name($0) })
        return exact.values.filter { !used.contains(UTF8Name($0)) }.sorted(by: Path.precedes)
    }
}
