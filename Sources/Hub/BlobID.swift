internal import CCrypto
package import CheckpointIO

/// What a file's content is called on the Hub, which is what it must hash to.
package struct BlobID: Sendable, Hashable, CustomStringConvertible {
    /// What is hashed, and how.
    package enum Kind: String, Sendable {
        /// Large files: their SHA-256.
        case sha256 = "SHA-256"
        /// Small files: the SHA-1 that git has of `blob SIZE\0` and the bytes.
        case gitBlob = "git SHA-1"
    }

    /// The digest, in lower-case hexadecimal digits: the name of the blob in the cache.
    package let description: String
    package let kind: Kind

    /// Reads an etag; nil where it is neither digest.
    package init?(etag text: some StringProtocol) {
        guard HubPath.isHexadecimal(text) else { return nil }
        switch text.utf8.count {
        case 64: kind = .sha256
        case 40: kind = .gitBlob
        default: return nil
        }
        description = String(text)
    }

    /// Reads the value of an ETag header, weak or quoted.
    package init?(header: String) {
        var text = header[...].trimmed
        if text.hasPrefix("W/") { text = text.dropFirst(2) }
        self.init(etag: text.drop { $0 == "\"" }.prefix { $0 != "\"" })
    }
}

/// The digest of a file's bytes, given in order.
package struct BlobHasher {
    private var sha256 = SHA256_CTX()
    private var sha1 = SHA_CTX()
    private let kind: BlobID.Kind

    /// - Parameter size: that of the whole file, which git hashes first.
    init(_ kind: BlobID.Kind, size: Int) {
        self.kind = kind
        switch kind {
        case .sha256: SHA256_Init(&sha256)
        case .gitBlob:
            SHA1_Init(&sha1)
            let head = Array("blob \(size)\0".utf8)
            SHA1_Update(&sha1, head, head.count)
        }
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch kind {
        case .sha256: SHA256_Update(&sha256, bytes.baseAddress, bytes.count)
        case .gitBlob: SHA1_Update(&sha1, bytes.baseAddress, bytes.count)
        }
    }

    /// The digest as the Hub writes it.
    func finish() -> String {
        var (sha256, sha1) = (sha256, sha1)
        let bytes = [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            switch kind {
            case .sha256:
                SHA256_Final(buffer.baseAddress, &sha256)
                count = 32
            case .gitBlob:
                SHA1_Final(buffer.baseAddress, &sha1)
                count = 20
            }
        }
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// What the Hub calls a small file of these bytes.
    static func gitBlob(_ bytes: [UInt8]) -> BlobID? {
        var hasher = BlobHasher(.gitBlob, size: bytes.count)
        bytes.withUnsafeBytes { hasher.update($0) }
        return BlobID(etag: hasher.finish())
    }

    /// The digest of a file on the disk.
    ///
    /// - Parameter progress: given the bytes read since it was last called.
    package static func digest(
        of file: InputFile,
        _ kind: BlobID.Kind,
        progress: (Int) -> Void = { _ in }
    ) throws(CheckpointError) -> String {
        var hasher = BlobHasher(kind, size: file.size)
        var offset = 0
        while offset < file.size {
            let bytes = try file.bytes(at: offset, count: min(1 << 20, file.size - offset))
            bytes.withUnsafeBytes { hasher.update($0) }
            offset += bytes.count
            progress(bytes.count)
        }
        return hasher.finish()
    }
}
