import CheckpointIO
import ModelZoo

/// A configuration; one that is accepted has a list of parameters.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let text = Array(UnsafeBufferPointer(start: data, count: size))
    do throws(CheckpointError) {
        let reading = try AutoencoderDCConfig.read(text, path: "fuzz")
        let network = NetworkDescription(reading.config)
        precondition(network.parameterCount > 0, "a network has parameters")
    } catch {
        check(error)
    }
    return 0
}
