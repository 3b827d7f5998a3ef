import TensorCore

@testable import CheckpointIO

/// The first byte chooses the dialect. What is built leads to weights or a refusal, within every limit.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    guard size > 0 else { return 0 }
    let dialects: [PickleMachine.Dialect] = [.zip, .legacy, .tar]
    let source = PickleSource(Array(UnsafeBufferPointer(start: data + 1, count: size - 1)))
    let budget = ReadingBudget(fileSize: size)
    var machine = PickleMachine(source, path: "fuzz", dialect: dialects[Int(data[0]) % 3], budget: budget)
    do throws(CheckpointError) {
        let root = try machine.run()
        for tensor in machine.heap.tensors {
            let storage = machine.heap.storages[tensor.storage]
            let bytes = storage.byteCount
            var last = tensor.offset
            guard tensor.shape.elementCount != 0 else { continue }
            for (length, stride) in zip(tensor.shape.dimensions, tensor.strides ?? contiguous(tensor.shape.dimensions))
            {
                last += (length - 1) * stride
            }
            precondition((last + 1) * (tensor.dtype.bitCount / 8) <= bytes, "a tensor reaches beyond its storage")
        }
        let sections = try TorchSections(machine, root: root, OpenOptions(section: data[0] > 127 ? "model" : nil))
        precondition(!sections.weights.isEmpty, "weights were found but there are none")
    } catch {
        check(error)
    }
    return 0
}

private func contiguous(_ shape: [Int]) -> [Int] {
    var strides: [Int] = []
    var stride = 1
    for length in shape.reversed() {
        strides.insert(stride, at: 0)
        stride *= length
    }
    return strides
}
