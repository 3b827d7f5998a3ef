@testable import Images

/// The orientation of a picture whose first byte says its format, and of a TIFF structure.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    for value in [Exif.orientation(of: bytes), Exif.orientation(block: bytes[...])] {
        precondition(value.map { (1...8).contains($0) } ?? true, "there is no such orientation")
    }
    return 0
}
