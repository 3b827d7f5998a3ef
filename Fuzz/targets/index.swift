import Glibc
import TensorCore

@testable import CheckpointIO

/// An index beside the real shards of a folder that DCAE_FUZZ_SHARDS names.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let folder = getenv("DCAE_FUZZ_SHARDS").map { String(cString: $0) } ?? "."
    let index = file(UnsafeBufferPointer(start: data, count: size), name: folder + "/model.safetensors.index.json")
    do throws(CheckpointError) {
        let checkpoint = try Checkpoint.openSharded(index, path: "fuzz", options: OpenOptions())
        precondition(
            checkpoint.files.allSatisfy { ModelFolder.parent(of: $0.path) == folder },
            "a shard lies elsewhere"
        )
        check(checkpoint)
    } catch {
        check(error)
    }
    return 0
}
