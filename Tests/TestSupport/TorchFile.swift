/// PyTorch files made byte by byte, for what no library would write.
package enum TorchFile {
    /// A zip archive as torch.save writes it, of a pickle and of storages by their key.
    package static func zip(_ pickle: [UInt8], storages: [(key: String, bytes: [UInt8])] = []) -> [UInt8] {
        archive([("archive/data.pkl", pickle)] + storages.map { ("archive/data/" + $0.key, $0.bytes) })
    }

    /// A zip archive whose entries all hold the same bytes.
    package static func zip(_ bytes: [UInt8], named names: [String]) -> [UInt8] {
        archive(names.map { ($0, bytes) })
    }

    private static func archive(_ entries: [(String, [UInt8])]) -> [UInt8] {
        var (file, directory): ([UInt8], [UInt8]) = ([], [])
        for (name, bytes) in entries {
            let sizes = number(0, 4) + number(bytes.count, 4) + number(bytes.count, 4)
            let common = number(0, 2) + number(0, 2) + number(0, 4) + sizes + number(name.utf8.count, 2) + number(0, 2)
            directory += [0x50, 0x4B, 1, 2] + number(20, 2) + number(20, 2) + common
            directory +=
                number(0, 2) + number(0, 2) + number(0, 2) + number(0, 4) + number(file.count, 4) + Array(name.utf8)
            file += [0x50, 0x4B, 3, 4] + number(20, 2) + common + Array(name.utf8) + bytes
        }
        let count = number(entries.count, 2)
        let end =
            [0x50, 0x4B, 5, 6] + number(0, 4) + count + count + number(directory.count, 4) + number(file.count, 4)
        return file + directory + end + number(0, 2)
    }

    /// A number in so many bytes, least first.
    package static func number(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// BINUNICODE.
    package static func text(_ text: String) -> [UInt8] {
        [0x58] + number(text.utf8.count, 4) + Array(text.utf8)
    }

    /// GLOBAL.
    package static func global(_ module: String, _ name: String) -> [UInt8] {
        Array("c\(module)\n\(name)\n".utf8)
    }

    /// The storage of a key: 32-bit floats.
    package static func storage(_ key: String, count: Int) -> [UInt8] {
        let mark = Array("(".utf8)
        let id = text("storage") + global("torch", "FloatStorage") + text(key) + text("cpu") + [0x4A] + number(count, 4)
        return mark + id + Array("tQ".utf8)
    }

    /// A tensor of one dimension over the storage whose instructions are given.
    package static func tensor(_ storage: [UInt8], length: Int, stride: Int = 1, offset: Int = 0) -> [UInt8] {
        func tuple(_ value: Int) -> [UInt8] { [0x4A] + number(value, 4) + [0x85] }
        let head = global("torch._utils", "_rebuild_tensor_v2") + Array("(".utf8) + storage + [0x4A] + number(offset, 4)
        return head + tuple(length) + tuple(stride) + [0x89, 0x4E] + Array("tR".utf8)
    }

    /// PROTO, the values, STOP.
    package static func pickle(_ body: [UInt8]) -> [UInt8] {
        [0x80, 2] + body + Array(".".utf8)
    }

    /// A dict of texts and the values that instructions make.
    package static func dict(_ entries: [(String, [UInt8])]) -> [UInt8] {
        Array("}(".utf8) + entries.flatMap { text($0.0) + $0.1 } + Array("u".utf8)
    }
}
