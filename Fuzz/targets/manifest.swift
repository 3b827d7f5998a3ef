import Inspection

/// A manifest of `dcae hash`: one that is accepted is exactly what would be written for what was read, and equals itself.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let text = Array(UnsafeBufferPointer(start: data, count: size))
    do throws(ManifestFault) {
        let manifest = try Manifest(reading: text)
        precondition(manifest.text.utf8.elementsEqual(text), "there is one way to write a manifest")
        precondition(ManifestComparison(expected: manifest, found: manifest).isEqual, "a manifest equals itself")
    } catch {
        precondition(error.message.utf8.count < 285 && !error.message.utf8.contains(10), "one line")
    }
    return 0
}
