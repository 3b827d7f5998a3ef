@testable import Images

/// The orientation of a picture whose first byte says its format; a TIFF structure and a packet of XMP by themselves.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    precondition((1...8).contains(Orientation.of(bytes)), "there is no such orientation")
    precondition(Orientation.xmp(bytes[...]).map { (0...9).contains($0) } ?? true, "a digit is one")
    precondition(Orientation.exif(bytes[...]).map { (0...0xFFFF_FFFF).contains($0) } ?? true, "a LONG has 32 bits")
    return 0
}
