internal import CCrypto
internal import CheckpointIO
internal import Libc

/// A folder of the user's own that holds files of a repository, with huggingface_hub's notes in `.cache/huggingface` on
/// which commit and etag each has (`_local_folder.py` of version 2.4.0).
struct LocalFolder {
    let path: String

    init(_ path: String) {
        self.path = path
    }

    private var notes: String { path + "/.cache/huggingface" }

    func file(_ name: String) -> String { path + "/" + name }

    func metadata(_ name: String) -> String { "\(notes)/download/\(name).metadata" }

    func lock(_ name: String) -> String { "\(notes)/download/\(name).lock" }

    /// Where a file's bytes gather, by the name that huggingface_hub gives without the digits of an attempt.
    func partial(_ name: String, _ blob: BlobID) -> String {
        let folder = Path.parent(of: metadata(name))
        let last = Path.name(of: metadata(name))
        return "\(folder)/\(Self.shortHash(last)).\(blob)"
    }

    /// The SHA-1 of a name in the alphabet of base64 that is safe in file names.
    private static func shortHash(_ name: String) -> String {
        let bytes = Array(name.utf8)
        let digest = [UInt8](unsafeUninitializedCapacity: 20) { buffer, count in
            SHA1(bytes, bytes.count, buffer.baseAddress)
            count = 20
        }
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".unicodeScalars)
        var text = ""
        for start in stride(from: 0, to: 20, by: 3) {
            let part = digest[start..<min(start + 3, 20)]
            let bits = part.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - part.count))
            for index in 0..<4 {
                guard index <= part.count else {
                    text += "="
                    continue
                }
                text.unicodeScalars.append(alphabet[bits >> (18 - 6 * index) & 63])
            }
        }
        return text
    }

    func prepare(for name: String) throws(CheckpointError) {
        try System.createFolders(Path.parent(of: file(name)))
        try System.createFolders(Path.parent(of: metadata(name)))
        HubCache.tag(notes)
        if System.kind(notes + "/.gitignore") == nil { try System.write("*", to: notes + "/.gitignore") }
    }

    /// The etag that a file had when it was put here; nil where there is no note, or the file was changed since.
    func etag(of name: String) -> String? {
        guard let note = try? InputFile(opening: metadata(name)), let bytes = try? note.contents(limit: 4096),
            let text = String(validating: bytes, as: UTF8.self), let times = System.times(file(name))
        else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        // A second of grace, as there: not every disk keeps times exactly.
        guard lines.count >= 3, let noted = Double(lines[2]), times.changed - 1 <= noted else { return nil }
        return String(lines[1])
    }

    func note(_ name: String, _ commit: String, _ blob: BlobID) throws(CheckpointError) {
        try System.write("\(commit)\n\(blob)\n\(System.now())\n", to: metadata(name))
    }
}

extension HubClient {
    /// Brings a file into a folder of the user's own.
    ///
    /// - Throws: `HubFault.differsLocally` where a file of that name is there that did not come from the Hub.
    func bring(
        _ entry: RemoteFileEntry,
        of name: HubName,
        at commit: String,
        into folder: LocalFolder,
        cache: HubCache,
        _ reporter: HubReporter
    ) throws(CheckpointError) {
        let first = entry.path.prefix { $0 != "/" }.lowercased()
        guard first != ".cache", first != ".git" else {
            throw CheckpointError(name.description, .file, HubFault.badFileName(entry.path))
        }
        try folder.prepare(for: entry.path)
        let target = folder.file(entry.path)
        let lock = try HubLock.wait(
            for: folder.lock(entry.path),
            seconds: settings.lockSeconds,
            news: { System.times(folder.partial(entry.path, entry.blob) + ".dcae.incomplete")?.changed ?? 0 },
            onWaiting: { reporter.note("waiting for another program that downloads \(entry.path)") }
        )
        defer { withExtendedLifetime(lock) {} }
        if System.kind(target, following: false) != nil {
            let noted = folder.etag(of: entry.path)
            var isSame = noted == entry.blob.description && System.size(target) == entry.size
            if !isSame, System.size(target) == entry.size {
                isSame =
                    try BlobHasher.digest(of: InputFile(opening: target), entry.blob.kind) == entry.blob.description
            }
            if isSame { return try folder.note(entry.path, commit, entry.blob) }
            // What was put here from the Hub and left alone is an older version; anything else is the user's.
            guard noted != nil else { throw CheckpointError(target, .file, HubFault.differsLocally) }
        }
        let blob = cache.blob(entry.blob, of: name.repository)
        if System.size(blob) == entry.size, cache.isSound(blob, entry.blob) {
            try System.copy(blob, to: target)
        } else {
            let partial = folder.partial(entry.path, entry.blob)
            try fetch(
                entry,
                of: HubName(name.repository, revision: commit, path: entry.path),
                partial: partial + ".dcae.incomplete",
                adopting: partial + ".incomplete",
                as: target,
                flushing: settings.flushes ? .waiting : .never,
                reporter
            )
        }
        try folder.note(entry.path, commit, entry.blob)
    }
}
