package import CheckpointIO
package import DCAENetwork
internal import Images
internal import TensorCore

/// Files that hold images, latents or samples as tensors: `.npy`, safetensors, and PyTorch files of named tensors.
package enum TensorFile {
    /// Whether a file's first bytes are those of a tensor file rather than of a picture.
    package static func isTensors(_ file: InputFile) throws(CheckpointError) -> Bool {
        if try isNumpy(file) { return true }
        // What is neither picture nor checkpoint is left to the reader of pictures, which names what it found.
        guard let kind = try? FileKind.of(file) else { return false }
        switch kind {
        case .json: return false
        case .safetensors:
            // Too short for a header, or no header: nothing in particular.
            let start = try file.bytes(at: 0, count: min(9, file.size))
            return start.count == 9 && start[8] == UInt8(ascii: "{")
        default: return true
        }
    }

    private static func isNumpy(_ file: InputFile) throws(CheckpointError) -> Bool {
        try file.bytes(at: 0, count: min(6, file.size)).elementsEqual([0x93] + Array("NUMPY".utf8))
    }

    /// Reads the tensor of a file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - name: the tensor's, where the user gives it.
    ///   - usualName: the name that it has otherwise, unless it is the only one.
    ///   - channels: what the second of its four sizes, or the first of three, must be.
    /// - Returns: [N, channels, H, W] in single precision.
    /// - Throws: `InferenceFault` where there is no such tensor, and what the readers of files throw.
    package static func read(_ path: String, name: String?, usualName: String, channels: Int) throws -> FloatTensor {
        let file = try InputFile(opening: path)
        if try isNumpy(file) {
            let array = try NumpyArray(file: path)
            return try tensor(array.shape, channels, CheckpointError.Place.file, path) { array.values }
        }
        let checkpoint = try open(path)
        let stored = try find(name, usualName, channels, in: checkpoint)
        let descriptor = stored.descriptor
        let place = CheckpointError.Place.tensor(descriptor.name)
        guard descriptor.dtype.isWeightFormat else {
            throw CheckpointError(path, place, InferenceFault.tensorType(descriptor.dtype))
        }
        return try tensor(descriptor.shape, channels, place, path) {
            let bytes = try checkpoint.bytes(of: stored)
            let count = descriptor.shape.elementCount ?? 0
            return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
                _ = bytes.withUnsafeBytes {
                    NumberFormat.convert(
                        $0,
                        from: descriptor.dtype,
                        into: UnsafeMutableRawBufferPointer(buffer),
                        to: .f32
                    )
                }
                initialized = count
            }
        }
    }

    private static func open(_ path: String) throws(CheckpointError) -> Checkpoint {
        do throws(CheckpointError) {
            return try Checkpoint.open(path)
        } catch {
            guard case .otherFormat(let name)? = error.fault as? FileFault else { throw error }
            throw CheckpointError(path, .file, InferenceFault.notTensors(name))
        }
    }

    private static func find(
        _ name: String?,
        _ usualName: String,
        _ channels: Int,
        in checkpoint: Checkpoint
    ) throws(CheckpointError) -> StoredTensor {
        func refuse(_ fault: InferenceFault) -> CheckpointError { CheckpointError(checkpoint.path, .file, fault) }
        let names = checkpoint.tensors.map(\.descriptor.name)
        guard let first = checkpoint.tensors.first else { throw refuse(.noTensors) }
        if let name {
            if let found = checkpoint[name] { return found }
            throw refuse(.noSuchTensor(name, among: names, suggested: nearest(to: name, among: names)))
        }
        if let usual = checkpoint[usualName] { return usual }
        guard names.count == 1 else {
            let fitting = checkpoint.tensors.map(\.descriptor).filter { tensor in
                let sizes = tensor.shape.dimensions
                return (3...4).contains(sizes.count) && sizes[sizes.count - 3] == channels
            }
            throw refuse(.whichTensor(among: names, suggested: fitting.first?.name))
        }
        return first
    }

    private static func tensor(
        _ shape: Shape,
        _ channels: Int,
        _ place: CheckpointError.Place,
        _ path: String,
        values: () throws -> [Float]
    ) throws -> FloatTensor {
        let sizes = shape.dimensions
        let all = sizes.count == 3 ? [1] + sizes : sizes
        guard all.count == 4, all[1] == channels, all.allSatisfy({ $0 > 0 }) else {
            throw CheckpointError(path, place, InferenceFault.tensorShape(shape, channels: channels))
        }
        return try FloatTensor(batch: all[0], channels: all[1], height: all[2], width: all[3], values: values())
    }
}
