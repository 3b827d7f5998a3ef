internal import CPlatform
internal import CheckpointIO
internal import Libc

/// A note on a blob that the disk may not have yet: which start of the machine it was written in.
///
/// A disk is several times slower than a page cache, and waiting for it would cost every download that much. So a blob takes
/// its name at once, with this note. As long as the machine runs, its bytes are there whatever the disk has. After a new
/// start it is hashed once: a power loss may have left zeros in it. The note is made before the name, and file systems keep
/// that order.
enum FlushMark {
    private static let attribute = "user.dcae.written"

    /// What tells this start of the machine from all others; nil where the system has no such thing.
    static let boot: String? = {
        let descriptor = System.open("/proc/sys/kernel/random/boot_id", O_RDONLY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = bytes.withUnsafeMutableBytes { System.read(descriptor, into: $0, at: 0) }
        guard count >= 36 else { return nil }
        return String(validating: bytes.prefix(36), as: UTF8.self)
    }()

    /// Makes the note; false where that cannot be, and the disk has to be waited for.
    static func set(on path: String) -> Bool {
        guard let boot else { return false }
        return SystemText.cString(path).withUnsafeBufferPointer { place in
            dcae_set_attribute(place.baseAddress, attribute, boot, boot.utf8.count) == 0
        }
    }

    /// Whether a blob was written before the machine was started, and has not been looked at since.
    static func isDoubtful(_ path: String) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = SystemText.cString(path).withUnsafeBufferPointer { place in
            dcae_get_attribute(place.baseAddress, attribute, &buffer, buffer.count)
        }
        guard count > 0 else { return false }
        return String(validating: buffer.prefix(Int(count)), as: UTF8.self) != boot
    }

    /// Takes the note off: the bytes are right, and were read from the disk.
    static func remove(from path: String) {
        SystemText.cString(path).withUnsafeBufferPointer { place in
            _ = dcae_remove_attribute(place.baseAddress, attribute)
        }
    }
}

extension HubCache {
    /// Whether a blob's bytes can be relied on; where a power loss may have damaged them they are hashed, once.
    ///
    /// - Parameter path: the blob, or a link to it.
    func isSound(_ path: String, _ blob: BlobID) -> Bool {
        guard FlushMark.isDoubtful(path) else { return true }
        guard let file = try? InputFile(opening: path), let found = try? BlobHasher.digest(of: file, blob.kind),
            found == blob.description
        else { return false }
        FlushMark.remove(from: path)
        return true
    }
}
