import Inspection
import StrictJSON
import TensorCore

@testable import CheckpointIO

/// A header, listed, sorted in every way and drawn as a tree: every tensor is one row of it, once.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let header = UnsafeRawBufferPointer(start: data, count: size)
    let parsed: SafetensorsHeader
    do throws(CheckpointError) {
        parsed = try SafetensorsHeader(parsing: header, path: "fuzz", fileSize: nil)
    } catch {
        return 0
    }
    let empty = file(UnsafeBufferPointer(start: data, count: 0))
    let checkpoint = Checkpoint(
        path: "fuzz",
        format: .safetensors,
        files: [empty],
        tensors: parsed.entries.map {
            StoredTensor(
                descriptor: $0.descriptor,
                location: TensorLocation(file: 0, offset: $0.range.lowerBound, byteCount: $0.range.count)
            )
        }
    )
    let listing = TensorListing(checkpoint)
    for key in SortKey.allCases where !key.needsStatistics {
        precondition(listing.sorted(by: key).tensors.count == parsed.entries.count, "a tensor is lost by sorting")
    }
    let tree = ModuleTree(listing)
    let names = tree.rows.compactMap(\.tensor?.name).map(UTF8Name.init)
    precondition(names.count == parsed.entries.count && Set(names).count == names.count, "a tensor has no row, or two")
    precondition(JSONWriter.inline(tree.document).utf8.count >= tree.rows.count, "the tree has no document")
    if let first = parsed.entries.first {
        _ = nearest(to: first.descriptor.name, among: parsed.entries.dropFirst().map(\.descriptor.name))
    }
    return 0
}
