/// A whole file, of whatever format its bytes say.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    open(UnsafeBufferPointer(start: data, count: size))
    return 0
}
