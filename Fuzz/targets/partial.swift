import Calibration
import Glibc

@testable import CheckpointIO

/// What a run over part of the pictures left.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let input = file(UnsafeBufferPointer(start: data, count: size))
    do throws(CheckpointError) {
        let result = try PartialResult.read("/proc/self/fd/\(input.descriptor)")
        precondition(result.doneCount >= 0, "a result has fewer pictures than none")
    } catch {
        check(error)
    }
    return 0
}
