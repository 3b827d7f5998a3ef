import CPlatform
import Glibc
import TensorCore

@testable import CheckpointIO
@testable import Files

/// The input as a file that lies in memory, written anew for each.
func file(_ bytes: UnsafeBufferPointer<UInt8>, name: String = "fuzz") -> InputFile {
    let descriptor = memoryFile
    ftruncate(descriptor, 0)
    var done = 0
    while done < bytes.count {
        let put = pwrite(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(done))
        precondition(put > 0, "a file in memory takes every byte")
        done += put
    }
    guard let file = InputFile(copy: descriptor, of: origin(name), size: bytes.count) else {
        fatalError("no descriptor left")
    }
    return file
}

/// The file that the bytes are said to come from; one that is not there is made for as long as this takes.
private func origin(_ name: String) -> InputFile {
    if let known = origins[name] { return known }
    var path = name
    if access(path, F_OK) != 0 {
        path = "/dev/shm/dcae-fuzz-\(getpid())"
        close(open(path, O_CREAT | O_WRONLY, 0o600))
    }
    defer { if path != name { unlink(path) } }
    guard let file = try? InputFile(lookingAt: path) else { fatalError("\(path) cannot be opened") }
    origins[name] = file
    return file
}

nonisolated(unsafe) private var origins: [String: InputFile] = [:]

private let memoryFile = dcae_open_nameless("/dev/shm")

/// Every message is one printable line of bounded length.
func check(_ error: CheckpointError) {
    let text = error.description
    precondition(text.utf8.count <= 285, "a message is too long")
    for scalar in text.unicodeScalars {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
            preconditionFailure("a message is not printable")
        default: continue
        }
    }
}

/// What an opened checkpoint promises: data within its file, sizes that agree, and bytes that can be read.
func check(_ checkpoint: Checkpoint) {
    for tensor in checkpoint.tensors.prefix(200) {
        let descriptor = tensor.descriptor
        precondition(
            descriptor.shape.byteCount(of: descriptor.dtype) == tensor.byteCount,
            "a size disagrees with its shape"
        )
        let location = tensor.location
        precondition(
            location.offset >= 0 && location.offset <= checkpoint.files[location.file].size,
            "an offset lies outside"
        )
        if location.strides == nil, location.encoding == nil {
            precondition(
                tensor.byteCount <= checkpoint.files[location.file].size - location.offset,
                "data lies outside"
            )
        }
        guard tensor.byteCount <= 1 << 20 else { continue }
        do throws(CheckpointError) {
            _ = try checkpoint.bytes(of: tensor)
        } catch {
            preconditionFailure("a tensor that was accepted cannot be read: \(error)")
        }
    }
}

/// Opens the input as a file of weights of any format, and checks what comes of it.
func open(_ bytes: UnsafeBufferPointer<UInt8>) {
    do throws(CheckpointError) {
        let options = OpenOptions(maxExpandedSize: 1 << 20)
        let input = file(bytes)
        check(try Checkpoint.open(input, try FileKind.of(input), options: options))
    } catch {
        check(error)
    }
}
