internal import CheckpointIO
package import Images

/// A picture that was read, and what tells its file from others of the same name.
package struct PictureContents: Sendable {
    package let picture: Picture
    /// The SHA-256 of the file's bytes.
    package let digest: String

    /// Reads a picture.
    package init(file path: String) throws(ImageRefusal) {
        let data = try Picture.data(ofFile: path)
        picture = try Picture(data: data, name: path)
        digest = SHA256.hex(data)
    }

    /// The SHA-256 of a picture's file, whether or not it can be decoded.
    package static func digest(ofFile path: String) throws(ImageRefusal) -> String {
        SHA256.hex(try Picture.data(ofFile: path))
    }

    /// What tells pictures from others: the SHA-256 of what `sha256sum` prints of them in the order of their keys.
    ///
    /// - Parameter pictures: keys and digests of files, in that order.
    /// - Returns: nil where the digest of one is not known.
    package static func digest(of pictures: [(key: String, digest: String)]) -> String? {
        var hash = SHA256()
        for picture in pictures {
            guard !picture.digest.isEmpty else { return nil }
            hash.update("\(picture.digest)  \(picture.key)\n")
        }
        return hash.finish().description
    }
}
