import TensorCore

@testable import CheckpointIO

/// A tensor that is strided over a storage as the first bytes say: each part that is read holds the elements that stand there.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    guard size > 16 else { return 0 }
    let head = UnsafeBufferPointer(start: data, count: 16)
    let storage = UnsafeBufferPointer(start: data + 16, count: size - 16)
    let types: [DType] = [.u8, .f16, .f32, .f64]
    let dtype = types[Int(head[0] & 3)]
    let width = dtype.byteCount ?? 1
    let rank = Int(head[1] % 5)
    let sizes = (0..<rank).map { Int(head[2 + $0] % 24) }
    let strides = (0..<rank).map { Int(head[6 + $0]) * (head[10] >> UInt8($0) & 1 == 1 ? 97 : 1) }
    let layout: TensorLayout
    do throws(TensorFault) {
        layout = try TensorLayout(
            shape: sizes,
            strides: strides,
            offset: Int(head[11]),
            dtype: dtype,
            within: storage.count / width
        )
    } catch {
        return 0
    }
    let count = sizes.reduce(1, *)
    guard count > 0, let used = layout.strides else { return 0 }
    let isSwapped = head[12] & 1 == 1
    let tensor = StoredTensor(
        descriptor: TensorDescriptor(name: "x", dtype: dtype, shape: Shape(sizes)),
        location: TensorLocation(
            file: 0,
            offset: layout.offset * width,
            byteCount: count * width,
            strides: used,
            isByteSwapped: isSwapped
        )
    )
    precondition(StridedWalk.readingCost(shape: sizes, strides: used) >= 0, "a tensor costs less than nothing")
    let checkpoint = Checkpoint(path: "fuzz", format: .torchZip, files: [file(storage)], tensors: [tensor])
    let start = Int(head[13]) % count
    let part = min(count - start, 1 + Int(head[14]) * 4)
    var found = [UInt8](repeating: 0, count: part * width)
    do throws(CheckpointError) {
        var failure: CheckpointError?
        found.withUnsafeMutableBytes { buffer in
            do throws(CheckpointError) {
                try checkpoint.read(tensor, from: start * width, into: buffer)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    } catch {
        preconditionFailure("a tensor within its storage cannot be read: \(error)")
    }
    for element in 0..<part {
        var (rest, place) = (start + element, layout.offset)
        for (size, stride) in zip(sizes, used).reversed() {
            place += rest % size * stride
            rest /= size
        }
        let wanted = storage[(place * width)..<((place + 1) * width)]
        let read = found[(element * width)..<((element + 1) * width)]
        precondition(
            isSwapped ? read.elementsEqual(wanted.reversed()) : read.elementsEqual(wanted),
            "an element is another"
        )
    }
    return 0
}
