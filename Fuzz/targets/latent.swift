import DCAENetwork
import Inference
import TensorCore

@testable import CheckpointIO

/// A file of any format as a latent of eight channels.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let input = file(UnsafeBufferPointer(start: data, count: size))
    do {
        let kind = try FileKind.of(input)
        let tensor = try TensorFile.read(input, kind, name: nil, for: .latent(channels: 8, valuesPerPixel: 3072)).tensor
        precondition(tensor.dimensions[1] == 8, "a latent has other channels")
        precondition(tensor.values.count == tensor.dimensions.reduce(1, *), "a latent has other values than its shape")
    } catch let error as CheckpointError {
        check(error)
    } catch {
        precondition(!"\(error)".contains("\n"), "a message is no line")
    }
    return 0
}
