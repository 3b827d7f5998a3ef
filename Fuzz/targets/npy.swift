@testable import CheckpointIO

/// An array of NumPy's: what is accepted can be read whole.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    do throws(CheckpointError) {
        check(try Checkpoint.openNumpy(file(UnsafeBufferPointer(start: data, count: size)), path: "fuzz"))
    } catch {
        check(error)
    }
    return 0
}
