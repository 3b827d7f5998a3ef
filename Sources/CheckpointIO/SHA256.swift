internal import CCrypto

/// A SHA-256 digest (FIPS 180-4).
package struct SHA256Digest: Sendable, Hashable, CustomStringConvertible {
    /// Its 32 bytes.
    package let bytes: [UInt8]

    /// 64 lower-case hexadecimal digits.
    package var description: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    fileprivate init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Reads 64 hexadecimal digits in lower case; nil where the text is anything else.
    package init?(hexadecimal text: Substring) {
        let digits = text.utf8.prefix(65).compactMap { byte -> UInt8? in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
            default: nil
            }
        }
        guard digits.count == 64, text.utf8.count == 64 else { return nil }
        bytes = (0..<32).map { digits[2 * $0] << 4 | digits[2 * $0 + 1] }
    }
}

/// SHA-256 of bytes that arrive in parts, by OpenSSL's libcrypto, which uses the processor's own instructions for it.
package struct SHA256: ~Copyable {
    private var context = SHA256_CTX()

    package init() {
        SHA256_Init(&context)
    }

    /// Adds bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        SHA256_Update(&context, bytes.baseAddress, bytes.count)
    }

    /// Adds a text as UTF-8.
    package mutating func update(_ text: String) {
        var text = text
        text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
    }

    /// The digest of all bytes so far.
    package consuming func finish() -> SHA256Digest {
        var context = context
        let bytes = [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            SHA256_Final(buffer.baseAddress, &context)
            count = 32
        }
        return SHA256Digest(bytes: bytes)
    }

    /// The digest of bytes that are all there.
    package static func digest(_ bytes: some Sequence<UInt8>) -> SHA256Digest {
        var hash = SHA256()
        Array(bytes).withUnsafeBytes { hash.update($0) }
        return hash.finish()
    }

    /// The digest of bytes as 64 hexadecimal digits.
    package static func hex(_ bytes: [UInt8]) -> String { digest(bytes).description }
}
