internal import CPlatform

/// A note on where a file came from, kept as an extended attribute: elsewhere than in the weights, whose bytes must equal
/// those of other writers, and than in the folder, whose files must too.
///
/// File systems without extended attributes lose it, as does a copy that leaves them out; it is evidence when it is there.
package enum ProvenanceNote {
    private static let attribute = "user.dcae.variant"

    /// Notes the variant that a file holds. Where the file system cannot, nothing happens.
    package static func write(_ variant: String, to path: String) {
        _ = dcae_set_attribute(SystemText.cString(path), attribute, variant, variant.utf8.count)
    }

    /// The variant noted on a file, or nil.
    package static func read(from path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = dcae_get_attribute(SystemText.cString(path), attribute, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return String(validating: buffer.prefix(Int(count)), as: UTF8.self)
    }
}
