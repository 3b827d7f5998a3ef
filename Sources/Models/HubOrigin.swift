package import CheckpointIO
internal import ModelZoo

/// Where a file comes from on the Hugging Face Hub, as far as its place tells: in the cache, or on the Hub itself.
package struct HubOrigin: Sendable, Equatable {
    /// The repository, as `mit-han-lab/dc-ae-f32c32-in-1.0`.
    package let repository: String
    /// The commit, 40 hexadecimal digits.
    package let commit: String?
    /// What the Hub calls the file's bytes: their SHA-256, or git's SHA-1 of a small file.
    package let etag: String?
    /// Whether it is on the Hub itself, and not in the cache.
    package let isElsewhere: Bool

    /// Looks at a path as it is given, then at where it leads: snapshots are links to blobs in the same folder.
    package init?(of checkpoint: Checkpoint) {
        let weights = checkpoint.indexPath ?? checkpoint.files.first?.path ?? checkpoint.path
        if weights.hasPrefix(Elsewhere.scheme) {
            let parts = weights.dropFirst(Elsewhere.scheme.count).split(separator: "/", maxSplits: 2)
            guard parts.count >= 2 else { return nil }
            let named = parts[1].split(separator: "@", maxSplits: 1)
            repository = parts[0] + "/" + (named.first ?? "")
            commit = named.count > 1 ? Self.digits(named[1], 40) : nil
            etag = checkpoint.files.first?.listedDigest
            isElsewhere = true
            return
        }
        let resolved = Path.resolved(weights) ?? weights
        guard let found = Registry.repository(inPath: weights) ?? Registry.repository(inPath: resolved) else {
            return nil
        }
        repository = found
        let parts = weights.split(separator: "/")
        let snapshot = parts.firstIndex(of: "snapshots").map { parts[parts.index(after: $0)...].first ?? "" }
        commit = snapshot.flatMap { Self.digits($0, 40) }
        let blob = Path.name(of: Path.target(ofLink: weights) ?? weights)
        etag = Self.digits(blob[...], 64) ?? Self.digits(blob[...], 40)
        isElsewhere = false
    }

    private static func digits(_ text: Substring, _ count: Int) -> String? {
        let isDigest = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
        }
        return isDigest && text.utf8.count == count ? String(text) : nil
    }
}
