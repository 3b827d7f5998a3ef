package import CheckpointIO
package import DCAENetwork
internal import TensorCore

/// Files that hold images, latents or samples as tensors: `.npy`, `.npz`, safetensors, and PyTorch files of one tensor or named ones.
package enum TensorFile {
    /// What kind of tensor file a file's first bytes are those of; nil where they may be a picture's.
    package static func kind(of file: InputFile) throws(CheckpointError) -> FileKind? {
        // What is neither picture nor checkpoint is left to the reader of pictures, which names what it found.
        guard let kind = try? FileKind.of(file) else { return nil }
        switch kind {
        case .json: return nil
        case .safetensors:
            // Too short for a header, or no header: nothing in particular.
            let start = try file.bytes(at: 0, count: min(9, file.size))
            return start.count == 9 && start[8] == UInt8(ascii: "{") ? kind : nil
        default: return kind
        }
    }

    /// What a tensor is read for.
    package struct Use: Sendable {
        /// The name that it has in a file of several tensors.
        let usualName: String
        let channels: Int
        /// Whether it may have fewer channels, the first.
        var takesFewer = false
        /// How many values the network makes of each pixel of all channels: the memory for these must be there too.
        let valuesPerPixel: Int

        /// An image of so many channels, of which less is made.
        package static func image(channels: Int) -> Use {
            Use(usualName: "image", channels: channels, valuesPerPixel: 0)
        }

        /// A latent of so many channels, or fewer, and how many values of a sample one of its pixels becomes.
        package static func latent(channels: Int, takesFewer: Bool = false, valuesPerPixel: Int) -> Use {
            Use(
                usualName: LatentNote.tensorName,
                channels: channels,
                takesFewer: takesFewer,
                valuesPerPixel: valuesPerPixel
            )
        }
    }

    /// A tensor and what its file says of it.
    package struct Content: Sendable {
        /// [N, channels, H, W] in single precision.
        package let tensor: FloatTensor
        /// What is noted of it as a latent.
        package let note: LatentNote?
    }

    /// Reads the tensor of a file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - name: the tensor's, where the user gives it.
    /// - Returns: [N, channels, H, W] in single precision, and what is noted of it.
    /// - Throws: `InferenceFault` where there is no such tensor, and what the readers of files throw.
    package static func read(_ path: String, name: String?, for use: Use) throws -> Content {
        let file = try InputFile(opening: path)
        return try read(file, try kind(ofTensors: file), name: name, for: use)
    }

    /// Reads the tensor of a file that is open already, and of which it is known what it is.
    package static func read(_ file: InputFile, _ kind: FileKind, name: String?, for use: Use) throws -> Content {
        let path = file.path
        var options = OpenOptions()
        options.takesListedTensor = true
        let checkpoint = try Checkpoint.open(file, kind, options: options)
        let stored = try find(name, use, in: checkpoint)
        let descriptor = stored.descriptor
        let place: CheckpointError.Place = checkpoint.isUnnamed ? .file : .tensor(descriptor.name)
        func refuse(_ fault: InferenceFault) -> CheckpointError { CheckpointError(path, place, fault) }
        guard descriptor.dtype.isWeightFormat else { throw refuse(.tensorType(descriptor.dtype)) }
        let sizes = descriptor.shape.dimensions
        guard
            let order = ChannelOrder(sizes, channels: use.channels)
                ?? (use.takesFewer ? .init(fewer: sizes, than: use.channels) : nil)
        else { throw refuse(fault(of: descriptor.shape, use)) }
        // All of the memory is counted before any of it is asked for: a sparse file of terabytes takes no room on the disk.
        let bytes =
            (Double(descriptor.shape.elementCount ?? 0) * (1 + Double(use.valuesPerPixel) / Double(order.channels))) * 4
        guard bytes < Double(Int.max), MemoryLimit.allows(Int(bytes)) else {
            throw refuse(.tensorTooLarge(descriptor.shape, gigabytes: Int(min(bytes / 1e9, 1e15))))
        }
        let (values, lost) = try values(of: stored, in: checkpoint)
        guard lost == 0 else { throw refuse(.tensorOverflow(count: lost)) }
        let tensor = try FloatTensor(
            batch: order.batch,
            channels: order.channels,
            height: order.height,
            width: order.width,
            values: order.isLast ? order.planes(values) : values
        )
        guard use.usualName == LatentNote.tensorName, descriptor.name == LatentNote.tensorName else {
            return Content(tensor: tensor, note: nil)
        }
        do throws(InferenceFault) {
            let note = try LatentNote(checkpoint.metadata, latentChannels: order.channels)
            return Content(tensor: tensor, note: note)
        } catch {
            throw CheckpointError(path, .file, error)
        }
    }

    private static func fault(of shape: Shape, _ use: Use) -> InferenceFault {
        let sizes = shape.dimensions
        guard sizes.count == 4, sizes.allSatisfy({ $0 > 0 }) else {
            return .tensorShape(shape, channels: use.channels)
        }
        return .otherChannels(shape, channels: use.channels, isLatent: use.usualName == LatentNote.tensorName)
    }

    /// The values in single precision, and how many of them it cannot hold.
    private static func values(
        of stored: StoredTensor,
        in checkpoint: Checkpoint
    ) throws(CheckpointError) -> (values: [Float], lost: Int) {
        let dtype = stored.descriptor.dtype
        let (count, size) = (stored.descriptor.shape.elementCount ?? 0, dtype.byteCount ?? 1)
        let step = 1 << 20
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: min(count, step) * size, alignment: 64)
        defer { memory.deallocate() }
        var failure: CheckpointError?
        var lost = 0
        let values = [Float](unsafeUninitializedCapacity: count) { target, initialized in
            do throws(CheckpointError) {
                for start in stride(from: 0, to: count, by: step) {
                    let part = min(step, count - start)
                    let source = UnsafeMutableRawBufferPointer(rebasing: memory[0..<(part * size)])
                    try checkpoint.read(stored, from: start * size, into: source)
                    let report = NumberFormat.convert(
                        UnsafeRawBufferPointer(source),
                        from: dtype,
                        into: UnsafeMutableRawBufferPointer(
                            UnsafeMutableBufferPointer(rebasing: target[start..<(start + part)])
                        ),
                        to: .f32
                    )
                    lost += report?.overflows ?? 0
                }
                initialized = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return (values, lost)
    }

    private static func kind(ofTensors file: InputFile) throws(CheckpointError) -> FileKind {
        do throws(CheckpointError) {
            return try FileKind.of(file)
        } catch {
            switch error.fault as? FileFault {
            case .otherFormat(let name)?: throw CheckpointError(file.path, .file, InferenceFault.notTensors(name))
            case .picture(let name)?: throw CheckpointError(file.path, .file, InferenceFault.picture(name))
            default: throw error
            }
        }
    }

    private static func find(
        _ name: String?,
        _ use: Use,
        in checkpoint: Checkpoint
    ) throws(CheckpointError) -> StoredTensor {
        func refuse(_ fault: InferenceFault) -> CheckpointError { CheckpointError(checkpoint.path, .file, fault) }
        // ComfyUI writes the version of its format as a tensor without elements, and calls the other one so.
        let tensors = checkpoint.tensors.filter {
            $0.descriptor.shape.elementCount != 0 || checkpoint.tensors.count == 1
        }
        let names = tensors.map(\.descriptor.name)
        guard let first = tensors.first else { throw refuse(.noTensors) }
        if let name {
            if let found = checkpoint[name] { return found }
            throw refuse(.noSuchTensor(name, among: names, suggested: nearest(to: name, among: names)))
        }
        if let usual = checkpoint[use.usualName] ?? checkpoint[use.usualName + "_tensor"] { return usual }
        guard names.count == 1 else {
            let fitting = tensors.first { ChannelOrder($0.descriptor.shape.dimensions, channels: use.channels) != nil }
            throw refuse(.whichTensor(among: names, suggested: fitting?.descriptor.name))
        }
        return first
    }
}

/// Where the channels of a tensor are: before rows and columns, or after them.
private struct ChannelOrder {
    let batch: Int
    let channels: Int
    let height: Int
    let width: Int
    /// Whether the channels come last, as in NumPy's and TensorFlow's pictures.
    let isLast: Bool

    /// The channels of autoencoders' latents: [1, 4, 16, 8] is rather a latent of four channels than one of 4×16 with eight.
    private static let usualCounts: Set = [3, 4, 8, 12, 16, 32, 64, 128, 256, 512]

    /// Nil where the sizes say nothing that is plain.
    init?(_ sizes: [Int], channels: Int) {
        guard sizes.allSatisfy({ $0 > 0 }) else { return nil }
        var all = sizes
        if all.count == 3 { all.insert(1, at: 0) }
        // A picture as a video of one frame.
        if all.count == 5, all[1] == channels, all[2] == 1 { all.remove(at: 2) }
        guard all.count == 4 else { return nil }
        if all[1] == channels {
            (batch, self.channels, height, width, isLast) = (all[0], channels, all[2], all[3], false)
        } else if all[3] == channels, all[2] != channels, all[1] == all[2] || !Self.usualCounts.contains(all[1]) {
            (batch, self.channels, height, width, isLast) = (all[0], channels, all[1], all[2], true)
        } else {
            return nil
        }
    }

    /// The first channels of a latent alone, which come before rows and columns.
    init?(fewer sizes: [Int], than channels: Int) {
        guard sizes.allSatisfy({ $0 > 0 }) else { return nil }
        let all = sizes.count == 3 ? [1] + sizes : sizes
        guard all.count == 4, all[1] < channels else { return nil }
        (batch, self.channels, height, width, isLast) = (all[0], all[1], all[2], all[3], false)
    }

    /// Values whose channels come last, with the channels first.
    func planes(_ values: [Float]) -> [Float] {
        let pixels = height * width
        return [Float](unsafeUninitializedCapacity: values.count) { target, count in
            for image in 0..<batch {
                let start = image * pixels * channels
                for pixel in 0..<pixels {
                    for channel in 0..<channels {
                        target[start + channel * pixels + pixel] = values[start + pixel * channels + channel]
                    }
                }
            }
            count = values.count
        }
    }
}
