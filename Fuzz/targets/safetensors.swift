import TensorCore

@testable import CheckpointIO

/// A header alone, with the file size that it asks for; what is accepted covers the data without holes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let header = UnsafeRawBufferPointer(start: data, count: size)
    do throws(CheckpointError) {
        let parsed = try SafetensorsHeader(parsing: header, path: "fuzz", fileSize: nil)
        var end = parsed.dataStart
        for entry in parsed.entries {
            precondition(entry.range.lowerBound == end, "there is a hole")
            precondition(
                entry.descriptor.shape.byteCount(of: entry.descriptor.dtype) == entry.range.count,
                "sizes disagree"
            )
            end = entry.range.upperBound
        }
        precondition(end == parsed.declaredSize, "the sizes do not add up")
        _ = try SafetensorsHeader(parsing: header, path: "fuzz", fileSize: end)
    } catch {
        check(error)
    }
    return 0
}
