import Images
import Libc

/// The pictures and arrays that make_images.py made, and what it expects of them.
enum Fixture {
    static let folder: String = {
        let parts = #filePath.split(separator: "/").dropLast(2)
        return "/" + parts.joined(separator: "/") + "/Fixtures/images"
    }()

    static func path(_ name: String) -> String {
        "\(folder)/\(name)"
    }

    static func bytes(_ name: String) -> [UInt8] {
        contents(path(name)) ?? []
    }

    /// The lines of expected.txt that begin with a word, split at spaces, without that word.
    static func expected(_ word: String) -> [[String]] {
        String(decoding: bytes("expected.txt"), as: UTF8.self).split(separator: "\n")
            .map { $0.split(separator: " ").map(String.init) }
            .filter { $0[0] == word }
            .map { Array($0.dropFirst()) }
    }
}

func contents(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var result: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { result += chunk[..<count] }
    return result
}

func write(_ bytes: [UInt8], to path: String) {
    let file = fopen(path, "w")
    fwrite(bytes, 1, bytes.count, file)
    if let file { fclose(file) }
}

/// A folder that is there while the body runs.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) rethrows -> Result {
    var template = Array("/tmp/dcae-images-XXXXXX".utf8CString)
    _ = mkdtemp(&template)
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { empty(path) }
    return try body(path)
}

func names(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var result: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if name != "." && name != ".." { result.append(name) }
    }
    return result.sorted()
}

private func empty(_ folder: String) {
    for name in names(in: folder) {
        let path = "\(folder)/\(name)"
        if unlink(path) != 0 { empty(path) }
    }
    rmdir(folder)
}

/// FNV-1a with 64 bits, as make_images.py computes it.
func hash(_ bytes: some Sequence<UInt8>) -> String {
    let value = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    let text = String(value, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
}

func hash(_ picture: Picture) -> String {
    switch picture.samples {
    case .bytes(let bytes): hash(bytes)
    case .words(let words): hash(words.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
    }
}

func hash(_ values: [Float]) -> String {
    hash(values.flatMap { value in (0..<4).map { UInt8(value.bitPattern >> ($0 * 8) & 255) } })
}

/// What a call refuses with.
func refusal(_ body: () throws -> some Any) -> String {
    do {
        _ = try body()
        return "nothing"
    } catch {
        return "\(error)"
    }
}
