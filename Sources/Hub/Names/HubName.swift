package import CheckpointIO

/// What a user names on the Hub: a repository, a revision of it, a file or folder in it.
package struct HubName: Sendable, Hashable, CustomStringConvertible {
    /// The repository.
    package let repository: RepositoryID
    /// A branch, a tag or a commit.
    package var revision: String
    /// A path in the repository, or nil for its root.
    package let path: String?

    /// The revision of a name that says none.
    package static let defaultRevision = "main"

    /// Makes a name of parts that are checked.
    package init(_ repository: RepositoryID, revision: String = defaultRevision, path: String? = nil) {
        self.repository = repository
        self.revision = revision
        self.path = path
    }

    /// As it is written: `hf://organisation/name@revision/path`.
    package var description: String {
        var text = "hf://\(repository)"
        if revision != Self.defaultRevision { text += "@" + revision.split(separator: "/").joined(separator: "%2F") }
        if let path { text += "/" + path }
        return text
    }

    /// The name of a file in the same repository and revision.
    func file(_ path: String) -> HubName {
        HubName(repository, revision: revision, path: path)
    }

    /// Whether a text can only be meant for the Hub.
    package static func isAddress(_ text: String) -> Bool {
        text.hasPrefix("hf://") || hosts.contains { text.hasPrefix($0) }
    }

    private static let hosts = ["https://huggingface.co/", "https://hf.co/"]

    /// Reads `hf://organisation/name[@revision][/path]`, a page's address on huggingface.co, or `organisation/name[@revision]`.
    ///
    /// - Returns: nil where the text is none of these, and so perhaps a path.
    /// - Throws: `HubFault.badRepository`, `.badRevision` or `.badFileName` where it begins as one of the first two.
    package static func parse(_ text: String) throws(CheckpointError) -> HubName? {
        if text.hasPrefix("hf://") {
            do throws(HubFault) {
                return try parse(afterScheme: text.dropFirst(5))
            } catch {
                throw CheckpointError(text, .file, error)
            }
        }
        if let host = hosts.first(where: { text.hasPrefix($0) }) {
            do throws(HubFault) {
                return try parse(page: text.dropFirst(host.count))
            } catch {
                throw CheckpointError(text, .file, error)
            }
        }
        let (name, revision) = cut(text[...])
        guard let repository = RepositoryID(name), !looksLikeFile(name) else { return nil }
        guard let revision else { return HubName(repository) }
        guard HubPath.isSafe(revision) else { return nil }
        return HubName(repository, revision: String(revision))
    }

    /// Whether a name of one slash ends as files do: a path that was mistyped is not sent to anybody.
    private static func looksLikeFile(_ name: Substring) -> Bool {
        [
            ".safetensors", ".json", ".pt", ".pth", ".ckpt", ".bin", ".zst", ".png", ".jpg", ".jpeg", ".webp", ".npy",
            ".npz", ".txt", ".html", ".latent", ".gguf",
        ].contains { name.lowercased().hasSuffix($0) }
    }

    private static func cut(_ text: Substring) -> (name: Substring, revision: Substring?) {
        guard let at = text.firstIndex(of: "@") else { return (text, nil) }
        return (text[..<at], text[text.index(after: at)...])
    }

    private static func parse(afterScheme text: Substring) throws(HubFault) -> HubName {
        var rest = text
        // Other tools name the kind of a repository first; models have none.
        if rest.hasPrefix("models/") { rest = rest.dropFirst(7) }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 2 else { throw .badRepository(String(text)) }
        let (name, revision) = cut(parts[1])
        guard let repository = RepositoryID(parts[0] + "/" + name) else { throw .badRepository(String(text)) }
        var path = Array(parts.dropFirst(2))
        var branch = try revision.map { encoded throws(HubFault) in try decoded(encoded) }
        // Revisions with slashes of their own: those that the Hub makes are known, others are written with %2F.
        if branch == "refs", path.count >= 2, ["pr", "convert"].contains(path[0]) {
            branch = "refs/\(path[0])/\(path[1])"
            path.removeFirst(2)
        }
        return try make(repository, branch, path)
    }

    /// Reads what stands after the host: `organisation/name[/tree|blob|resolve/revision[/path]]`.
    private static func parse(page text: Substring) throws(HubFault) -> HubName {
        let parts = text.prefix { $0 != "?" && $0 != "#" }.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 2, let repository = RepositoryID(parts[0] + "/" + parts[1]) else {
            throw .badRepository(String(text))
        }
        guard parts.count > 3 else { return HubName(repository) }
        guard ["tree", "blob", "resolve"].contains(parts[2]) else { throw .badFileName(String(text)) }
        let path = try parts.dropFirst(4).map { part throws(HubFault) in Substring(try decoded(part)) }
        return try make(repository, try decoded(parts[3]), path)
    }

    private static func make(
        _ repository: RepositoryID,
        _ revision: String?,
        _ path: [Substring]
    ) throws(HubFault) -> HubName {
        if let revision, !HubPath.isSafe(revision) { throw .badRevision(revision) }
        var path = path
        if path.last?.isEmpty == true { path.removeLast() }
        let joined = path.joined(separator: "/")
        guard path.isEmpty || HubPath.isSafe(joined) else { throw .badFileName(joined) }
        return HubName(repository, revision: revision ?? defaultRevision, path: path.isEmpty ? nil : joined)
    }

    /// A part of an address without its percent signs.
    private static func decoded(_ part: Substring) throws(HubFault) -> String {
        var bytes: [UInt8] = []
        var rest = Array(part.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                throw .badFileName(String(part))
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .badFileName(String(part)) }
        return text
    }
}
