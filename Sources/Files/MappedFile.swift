internal import CPlatform
internal import Libc
internal import TensorCore

/// A file mapped into memory.
///
/// Data in it may be unaligned. A file that is truncated while it is mapped raises SIGBUS at the next access: the program
/// installs a handler that ends it with one line and exit code 2.
package final class MappedFile: @unchecked Sendable {
    /// The file's bytes, valid as long as this object lives.
    package let bytes: UnsafeRawBufferPointer
    private let registration: OpaquePointer?

    init(_ file: InputFile) throws(CheckpointError) {
        guard file.size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            registration = nil
            return
        }
        guard let start = mmap(nil, file.size, PROT_READ, MAP_PRIVATE, file.descriptor, 0), start != MAP_FAILED else {
            throw CheckpointError(file.path, .file, FileFault.system(call: "mmap", code: errno))
        }
        bytes = UnsafeRawBufferPointer(start: start, count: file.size)
        registration = dcae_register_mapping(start, file.size, file.path.escaped(limit: 100).clipped(toBytes: 200))
    }

    deinit {
        dcae_forget_mapping(registration)
        if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
    }
}
