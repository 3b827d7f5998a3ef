package import CheckpointIO
package import ModelZoo
internal import StrictJSON
package import TensorCore

/// A valid checkpoint with weights that are made up, to try things without a download.
package struct SynthesizedModel: Sendable {
    /// What the weights are.
    package enum Weights: Sendable, Equatable {
        /// Noise that keeps activations in range, from a seed.
        case seeded(UInt64)
        /// A linear codec: the low frequencies of a picture's blocks, so that decoding gives the picture back, blurred.
        case interpretable
    }

    package let variant: Variant
    package let layout: Layout
    package let weights: Weights
    package let dtype: DType

    package init(variant: Variant, layout: Layout, weights: Weights, dtype: DType) {
        self.variant = variant
        self.layout = layout
        self.weights = weights
        self.dtype = dtype
    }

    package init(variant: Variant, layout: Layout, seed: UInt64, dtype: DType) {
        self.init(variant: variant, layout: layout, weights: .seeded(seed), dtype: dtype)
    }

    /// The name of the weights file.
    package var fileName: String {
        layout.stem + ".safetensors"
    }

    /// Writes a model folder: the weights and the config.json of the layout.
    ///
    /// The same request gives the same bytes everywhere, and the same weights in either layout.
    ///
    /// - Throws: what cannot be written, and `SynthesisFault.noCodec` where interpretable weights do not fit.
    /// - Returns: the bytes of the weights file.
    package func write(
        to target: String,
        force: Bool,
        durability: Durability = .flushed,
        progress: (@Sendable (Int) -> Void)? = nil
    ) throws(CheckpointError) -> Int {
        let values = try valueMaker()
        let parts = NetworkDescription(variant.config).parameters.flatMap { self.parts(of: $0, values) }
        let plan = SafetensorsLayout(parts.map(\.descriptor), format: layout.metadataFormat)
        let names = [fileName, "config.json"]
        let stem = ShardName.stem(of: fileName)
        let going = ModelReplacement(in: target, names: names, stem: stem, config: configText)
        let folder = try OutputFolder(
            target: target,
            names: going.names,
            replaced: going.replaces,
            force: force,
            sources: [],
            durability: durability
        )
        let output = try folder.create(fileName, size: plan.fileSize)
        try output.write(plan.header, at: 0)
        let byName = Dictionary(uniqueKeysWithValues: parts.map { (UTF8Name($0.descriptor.name), $0) })
        var pieces: [(part: Part, first: Int, count: Int, offset: Int)] = []
        for (descriptor, offset) in plan.placements {
            guard let part = byName[UTF8Name(descriptor.name)], let width = descriptor.dtype.byteCount else { continue }
            let count = descriptor.shape.elementCount ?? 0
            for first in stride(from: 0, to: count, by: Self.step) {
                pieces.append((part, first, min(Self.step, count - first), offset + first * width))
            }
        }
        try Workers.forEach(pieces.count) { [pieces] index throws(CheckpointError) in
            let piece = pieces[index]
            try piece.part.write(piece.first, piece.count, to: output, at: piece.offset)
            progress?(piece.count * (piece.part.descriptor.dtype.byteCount ?? 1))
        }
        if going.names.contains("config.json") { try folder.write("config.json", configText) }
        ProvenanceNote.write(variant.name, to: ModelFolder.join(folder.stagingPath, fileName))
        try folder.commit(going.names, replaced: going.replaces)
        return plan.fileSize
    }

    private static let step = 1 << 18

    private var configText: String {
        layout == .original
            ? JSONWriter.pretty(.object([.init("model_name", .string(variant.name))])) : variant.config.text
    }

    /// What makes the values of each parameter.
    private func valueMaker() throws(CheckpointError) -> (Parameter) -> Part.Values {
        switch weights {
        case .seeded(let seed):
            return { .uniform(key: Self.key(seed, $0.original.name), range: Self.range(of: $0)) }
        case .interpretable:
            do throws(SynthesisFault) {
                let weights = try InterpretableWeights(variant.config)
                return { .sparse(weights.values(of: $0)) }
            } catch {
                throw CheckpointError(variant.name, .file, error)
            }
        }
    }

    /// The tensors that hold a parameter, each with what makes its values.
    private func parts(of parameter: Parameter, _ maker: (Parameter) -> Part.Values) -> [Part] {
        let tensors = layout.tensors(of: parameter)
        let values = maker(parameter)
        var first = 0
        return tensors.map { tensor in
            defer { first += tensor.shape.elementCount ?? 0 }
            return Part(
                descriptor: TensorDescriptor(
                    name: tensor.name,
                    dtype: parameter.kind == .batchCounter ? .i64 : dtype,
                    shape: tensor.shape
                ),
                values: values,
                first: first
            )
        }
    }

    /// The key of a parameter's values: FNV-1a over its name, then mixed with the seed.
    private static func key(_ seed: UInt64, _ name: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        // The finalizer of SplitMix64.
        var x = hash &+ seed &* 0x9E37_79B9_7F4A_7C15
        x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
        x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
        return x ^ (x >> 31)
    }

    /// Values that keep activations in range through the whole depth: weights of variance 1 / fan-in, norms below 1.
    private static func range(of parameter: Parameter) -> (center: Float, halfWidth: Float) {
        let root3 = Float(3).squareRoot()
        switch parameter.kind {
        case .convolutionWeight, .linearWeight: return (0, root3 / Float(max(1, parameter.fanIn)).squareRoot())
        case .convolutionBias, .normBias, .runningMean: return (0, 0.05 * root3)
        case .normWeight: return (0.5, 0.25)
        case .runningVariance: return (1, 0.5)
        case .batchCounter: return (0, 0)
        }
    }
}

/// A tensor to be filled.
private struct Part: Sendable {
    enum Values: Sendable {
        case uniform(key: UInt64, range: (center: Float, halfWidth: Float))
        case sparse(SparseTensor)
    }

    let descriptor: TensorDescriptor
    let values: Values
    /// The index of its first element in the original layout's tensor.
    let first: Int

    /// What a counter holds: the number of batches that make_checkpoint of the peers writes too.
    private static let counter: UInt64 = 12345

    func write(_ start: Int, _ count: Int, to output: OutputFile, at offset: Int) throws(CheckpointError) {
        if descriptor.dtype == .i64 {
            return try output.write((0..<8).map { UInt8(truncatingIfNeeded: Self.counter >> (8 * $0)) }, at: offset)
        }
        guard let width = descriptor.dtype.byteCount else { return }
        let buffer = Buffer(count: count * 4)
        let wide = buffer[0..<(count * 4)]
        let target = wide.bindMemory(to: Float.self)
        switch values {
        case .uniform(let key, let range):
            NumberFormat.fillUniform(
                target,
                key: key,
                from: first + start,
                center: range.center,
                halfWidth: range.halfWidth
            )
        case .sparse(let tensor): tensor.write(from: first + start, into: target)
        }
        if descriptor.dtype == .f32 { return try output.write(UnsafeRawBufferPointer(wide), at: offset) }
        let narrow = Buffer(count: count * width)
        let result = narrow[0..<(count * width)]
        NumberFormat.convert(UnsafeRawBufferPointer(wide), from: .f32, into: result, to: descriptor.dtype)
        try output.write(UnsafeRawBufferPointer(result), at: offset)
    }
}
