import Foundation
internal import StrictJSON

/// An input of Tests/Fixtures/bad, as its manifest describes it.
package struct BadInput: Sendable {
    /// What the program should do with it.
    package enum Verdict: String, Sendable {
        case accept, reject, either
    }

    /// A tensor that the reference found.
    package struct Tensor: Sendable {
        /// The keys that lead to it, and whether the manifest has left some out.
        package let path: [String]?
        package let isShortened: Bool
        package let dtype: String
        package let shape: [Int]?
        /// The first 16 hexadecimal digits of the SHA-256 of its bytes.
        package let digest: String?
    }

    package let file: String
    package let kind: String
    package let what: String
    package let verdict: Verdict
    package let tensors: [Tensor]
    /// How many there are, where not all are listed.
    package let tensorCount: Int?
    private let opened: String
    private let truncation: Int?
    private let additions: [(bytes: [UInt8], count: Int)]

    /// What a failing test shows.
    package var summary: String { "\(file) (\(what.prefix(60)))" }

    private init?(_ entry: JSONValue) {
        guard let file = entry["file"]?.string, let kind = entry["kind"]?.string, let what = entry["what"]?.string,
            let verdict = entry["ours"]?.string.flatMap(Verdict.init), let opened = entry["open"]?.string
        else { return nil }
        (self.file, self.kind, self.what, self.verdict, self.opened) = (file, kind, what, verdict, opened)
        tensorCount = entry["n_tensors"]?.integer
        tensors = (entry["tensors"]?.array ?? []).map { tensor in
            Tensor(
                path: tensor["path"]?.array?.compactMap(\.string),
                isShortened: tensor["path_shortened"] != nil,
                dtype: tensor["dtype"]?.string ?? "",
                shape: tensor["shape"]?.array?.compactMap(\.integer),
                digest: tensor["sha256"]?.string
            )
        }
        truncation = entry["prepare"]?["truncate"]?.integer
        additions = (entry["prepare"]?["append"]?.array ?? []).compactMap { pair in
            guard let hex = pair.array?.first?.string, let count = pair.array?.last?.integer else { return nil }
            return (
                stride(from: 0, to: hex.count, by: 2).compactMap { UInt8(hex.dropFirst($0).prefix(2), radix: 16) },
                count
            )
        }
    }

    /// All of them.
    package static let all: [BadInput] = ((try? Fixtures.json("bad/manifest.json"))?.array ?? []).compactMap(
        BadInput.init
    )

    /// The path to open; of an input that must be made first, in the folder.
    package func prepare(in folder: TemporaryFolder) throws -> String {
        guard truncation != nil || !additions.isEmpty else { return Fixtures.path("bad/" + opened) }
        let path = try folder.write(file, try Fixtures.bytes(Fixtures.path("bad/" + file)))
        let handle = try FileHandle(forUpdating: URL(filePath: path))
        if let truncation { try handle.truncate(atOffset: UInt64(truncation)) }
        try handle.seekToEnd()
        for (bytes, count) in additions {
            try handle.write(contentsOf: Data(Array(repeatElement(bytes, count: count).joined())))
        }
        try handle.close()
        return path
    }
}
