internal import TensorCore

/// The members of a tar archive, of which nothing is ever extracted.
struct TarArchive {
    /// The members that the format of torch before 0.1.11 has; another name, or anything but a file, is refused.
    private static let known: Set<String> = ["sys_info", "pickle", "storages", "tensors"]

    private let path: String
    private var members: [String: Range<Int>] = [:]

    init(reading file: InputFile) throws(CheckpointError) {
        path = file.path
        var position = 0
        // Five members and their extended headers are all there can be.
        for _ in 0..<16 {
            guard file.size - position >= 512 else { break }
            let header = try file.bytes(at: position, count: 512)
            if header.allSatisfy({ $0 == 0 }) { break }
            let name = String(decoding: header[0..<100].prefix { $0 != 0 }, as: UTF8.self)
            // What begins with another member is an archive of whatever people keep together.
            let isOther = members.isEmpty && !Self.known.contains(name)
            func refusal(_ what: String) -> CheckpointError {
                CheckpointError(file.path, .byte(position), TorchFault.tarDamaged(what))
            }
            guard let sum = Self.octal(header[148..<156]), sum == Self.checksum(header) else {
                throw refusal("a header's checksum is wrong")
            }
            guard let size = Self.octal(header[124..<136]), size <= file.size - position - 512 else {
                throw refusal("a member reaches beyond the file's end")
            }
            let range = (position + 512)..<(position + 512 + size)
            switch header[156] {
            case UInt8(ascii: "0"), 0:
                if isOther { throw CheckpointError(file.path, .file, ForeignFile.archive("a tar archive")) }
                guard Self.known.contains(name), header[345] == 0 else {
                    throw refusal("it has a member \"\(name.escaped(limit: 40))\"")
                }
                guard members.updateValue(range, forKey: name) == nil else { throw refusal("a member occurs twice") }
            case UInt8(ascii: "x"), UInt8(ascii: "g"):
                do throws(CheckpointError) {
                    try Self.checkExtension(file, range, refusal)
                } catch {
                    guard isOther else { throw error }
                    throw CheckpointError(file.path, .file, ForeignFile.archive("a tar archive"))
                }
            // A folder, a link, or a name too long for a header.
            case _ where isOther: throw CheckpointError(file.path, .file, ForeignFile.archive("a tar archive"))
            default: throw refusal("a member is not a file, but for example a link")
            }
            position = min(file.size, (range.upperBound + 511) / 512 * 512)
        }
    }

    /// The bytes of a member.
    func member(_ name: String) throws(CheckpointError) -> Range<Int> {
        guard let range = members[name] else {
            throw CheckpointError(path, .entry(name), TorchFault.tarMemberMissing)
        }
        return range
    }

    /// An extended header may say when a file was made, not what it is called or how long it is.
    private static func checkExtension(
        _ file: InputFile,
        _ range: Range<Int>,
        _ refusal: (String) -> CheckpointError
    ) throws(CheckpointError) {
        guard range.count <= 65_536 else { throw refusal("an extended header is too long") }
        let text = String(decoding: try file.bytes(at: range.lowerBound, count: range.count), as: UTF8.self)
        for line in text.split(separator: "\n") {
            let key = line.split(separator: " ", maxSplits: 1).last?.prefix { $0 != "=" }
            guard let key, ["mtime", "atime", "ctime", "uid", "gid", "uname", "gname"].contains(key) else {
                throw refusal("an extended header changes a member")
            }
        }
    }

    private static func octal(_ field: ArraySlice<UInt8>) -> Int? {
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x37).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 << 3 | Int($1 - 0x30) }
    }

    /// The sum of the header's bytes, those of the sum itself taken as spaces.
    private static func checksum(_ header: [UInt8]) -> Int {
        header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 0x20 : Int($1.element)) }
    }
}
