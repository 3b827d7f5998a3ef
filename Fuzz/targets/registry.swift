import CheckpointIO

@testable import ModelZoo

/// An entry of the registry, then a line of its own with `-`, then its configuration.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let text = UnsafeBufferPointer(start: data, count: size)
    let cut = text.indices.first { text[$0...].starts(with: Array("\n-\n".utf8)) } ?? text.endIndex
    do throws(CheckpointError) {
        let variant = try Variant(
            name: "x",
            entry: Array(text[..<cut]),
            path: "fuzz",
            config: Array(text[cut...].dropFirst(3)),
            configPath: "fuzz"
        )
        precondition(variant.name == "x" && !variant.names.isEmpty, "a variant has its name")
        _ = variant.geometry
    } catch {
        check(error)
    }
    return 0
}
