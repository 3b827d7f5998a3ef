internal import Libc

/// The bytes that the system calls a file by, as a Swift string and back.
///
/// A name is bytes to the system, and need not be UTF-8; Swift's strings would repair it into another name. So every byte
/// that is no part of valid UTF-8 becomes a scalar at the end of the private use area, U+10FF00 plus the byte, and that byte
/// again on its way to the system, as Python does it with surrogates (PEP 383). Such scalars in a name are taken byte
/// by byte themselves. So each name has one text and each text one name, also in JSON. Only this module calls the system
/// with paths.
package enum SystemText {
    private static let base: UInt32 = 0x10_FF00
    private static let escapes: ClosedRange<UInt32> = 0x10_FF80...0x10_FFFF
    /// What the UTF-8 of each of these scalars begins with, and that of few others.
    private static let leadByte: UInt8 = 0xF4

    /// The text of a name or a path.
    package static func text(_ bytes: some Collection<UInt8>) -> String {
        if !bytes.contains(leadByte), let text = String(validating: bytes, as: UTF8.self) { return text }
        let bytes = Array(bytes)
        var scalars = String.UnicodeScalarView()
        var position = 0
        while position < bytes.count {
            if let (scalar, length) = scalar(bytes[position...]), !escapes.contains(scalar.value) {
                scalars.append(scalar)
                position += length
            } else {
                // A byte from 0x80 on gives a scalar of the range, and below it every byte is one itself.
                Unicode.Scalar(base + UInt32(bytes[position])).map { scalars.append($0) }
                position += 1
            }
        }
        return String(scalars)
    }

    private static func scalar(_ bytes: ArraySlice<UInt8>) -> (Unicode.Scalar, length: Int)? {
        guard let first = bytes.first else { return nil }
        let length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard bytes.count >= length, let text = String(validating: bytes.prefix(length), as: UTF8.self) else {
            return nil
        }
        return text.unicodeScalars.first.map { ($0, length) }
    }

    /// The text of what a C function gives.
    package static func text(cString: UnsafePointer<CChar>) -> String {
        text(UnsafeRawBufferPointer(start: cString, count: strlen(cString)))
    }

    /// The bytes of a text.
    package static func bytes(_ text: String) -> [UInt8] {
        guard text.utf8.contains(leadByte) else { return Array(text.utf8) }
        return text.unicodeScalars.flatMap { scalar in
            escapes.contains(scalar.value) ? [UInt8(scalar.value - base)] : Array(UTF8.encode(scalar) ?? .init())
        }
    }

    /// A path as system calls take it. No file can be called what holds a zero byte: that gives the path of nothing.
    package static func cString(_ path: String) -> [CChar] {
        let bytes = bytes(path)
        return bytes.contains(0) ? [0] : bytes.map { CChar(bitPattern: $0) } + [0]
    }
}
