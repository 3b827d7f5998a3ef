@testable import Images

/// A picture of any format that is read.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    do throws(ImageRefusal) {
        let picture = try Picture(data: bytes, name: "fuzz")
        precondition(picture.width > 0 && picture.height > 0, "a picture has no pixel")
        precondition(
            picture.bytes.count == 3 * picture.width * picture.height,
            "a picture has other samples than pixels"
        )
    } catch {
        let text = error.description
        precondition(text.utf8.count < 1000 && !text.contains("\n"), "a message is no line")
    }
    return 0
}
