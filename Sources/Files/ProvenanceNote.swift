internal import CPlatform
internal import Libc

/// A note on where a file came from, kept as an extended attribute: elsewhere than in the weights, whose bytes must equal
/// those of other writers, and than in the folder, whose files must too.
///
/// File systems without extended attributes lose it, as does a copy that leaves them out; it is evidence when it is there.
package enum ProvenanceNote {
    private static let attribute = "user.dcae.variant"

    /// Notes the variant that a file holds. Where the file system cannot, nothing happens.
    package static func write(_ variant: String, to path: String) {
        guard let state = state(of: path) else { return }
        let text = variant + "\n" + state
        _ = dcae_set_attribute(SystemText.cString(path), attribute, text, text.utf8.count)
    }

    /// The size and the time of the last change: a note holds for the content that it was written for.
    private static func state(of path: String) -> String? {
        var status = stat()
        guard stat(SystemText.cString(path), &status) == 0 else { return nil }
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        return "\(status.st_size) \(time.tv_sec).\(time.tv_nsec)"
    }

    /// The variant noted on a file, or nil.
    package static func read(from path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = dcae_get_attribute(SystemText.cString(path), attribute, &buffer, buffer.count)
        guard count > 0 else { return nil }
        guard let text = String(validating: buffer.prefix(Int(count)), as: UTF8.self),
            let end = text.firstIndex(of: "\n"), state(of: path) == String(text[text.index(after: end)...])
        else { return nil }
        return String(text[..<end])
    }
}
