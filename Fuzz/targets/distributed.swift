@testable import CheckpointIO

/// The index of a folder that torch.distributed.checkpoint wrote.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    do throws(CheckpointError) {
        let index = try DistributedIndex(reading: file(UnsafeBufferPointer(start: data, count: size)))
        for tensor in index.tensors {
            precondition(
                tensor.chunks.allSatisfy { $0.sizes.count == tensor.sizes.count },
                "a chunk has other dimensions"
            )
        }
    } catch {
        check(error)
    }
    return 0
}
