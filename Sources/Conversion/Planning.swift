package import CheckpointIO
package import ModelZoo
internal import StrictJSON
package import TensorCore

extension ConversionPlan {
    /// Plans a conversion: settles what the source is, checks its tensors against the network, and lays out every file.
    package init(
        _ checkpoint: Checkpoint,
        _ request: ConversionRequest,
        registry: Registry
    ) throws(CheckpointError) {
        let source = StructureMatch.layout(of: checkpoint)
        if let source, request.target == source {
            throw CheckpointError(checkpoint.path, .file, ConversionFault.alreadyThere(source))
        }
        let model = try ResolvedModel.resolve(checkpoint, request, registry: registry)
        let target = model.layout.other
        if target == .diffusers, model.config.scalingFactor == nil {
            let name = model.variant?.name ?? "this configuration"
            throw CheckpointError(checkpoint.path, .file, ConversionFault.noScalingFactor(name))
        }
        let network = NetworkDescription(model.config)
        var tensors: [Tensor] = []
        for parameter in network.parameters {
            tensors += try Self.tensors(for: parameter, of: checkpoint, in: target, request.dtype)
        }
        self.model = model
        self.target = target
        self.network = network
        self.tensors = tensors
        stem = Self.stem(target, request.dtype)
        compression = request.compression
        config = Self.configText(model, target)
        let shards = Self.shards(tensors, limit: request.maxShardSize)
        let format = target == .diffusers ? "pt" : nil
        let suffix = request.compression == nil ? "" : ".zst"
        files = shards.enumerated().map { [stem] number, shard in
            let name =
                shards.count == 1
                ? stem + ".safetensors" : ShardName.make(stem: stem, number: number + 1, of: shards.count)
            return Self.file(name + suffix, shard, format: format)
        }
        index = shards.count == 1 ? nil : Self.index(files, tensors, stem: stem)
    }

    /// `diffusion_pytorch_model`, with the dtype as diffusers' variant where one was asked for; `model` in the original
    /// layout, which knows no variants.
    private static func stem(_ target: Layout, _ dtype: DType?) -> String {
        guard target == .diffusers else { return "model" }
        switch dtype {
        case .f16: return "diffusion_pytorch_model.fp16"
        case .bf16: return "diffusion_pytorch_model.bf16"
        default: return "diffusion_pytorch_model"
        }
    }

    /// A diffusers configuration, or, as PyTorchModelHubMixin writes it (no final newline), the name of the model.
    private static func configText(_ model: ResolvedModel, _ target: Layout) -> String? {
        switch target {
        case .diffusers: model.config.text
        case .original:
            model.variant.map { JSONWriter.pretty(.object([.init("model_name", .string($0.name))]), sortKeys: true) }
        }
    }

    /// The tensors of the target layout that a parameter becomes.
    private static func tensors(
        for parameter: Parameter,
        of checkpoint: Checkpoint,
        in target: Layout,
        _ dtype: DType?
    ) throws(CheckpointError) -> [Tensor] {
        let sources = target == .diffusers ? [parameter.original] : parameter.diffusers
        let targets = target == .diffusers ? parameter.diffusers : [parameter.original]
        let stored = sources.compactMap { checkpoint[$0.name] }
        guard stored.count == sources.count, let first = stored.first else {
            let missing = sources.first { checkpoint[$0.name] == nil }?.name ?? ""
            let fault = ConversionFault.sourceStructure("the tensor is missing")
            throw CheckpointError(checkpoint.path, .tensor(missing), fault)
        }
        let keeps = parameter.kind == .batchCounter
        let sourceDType = first.descriptor.dtype
        if stored.contains(where: { $0.descriptor.dtype != sourceDType }) {
            // Each run would need a cast of its own; published checkpoints never mix dtypes within an attention.
            throw CheckpointError(checkpoint.path, .file, ConversionFault.mixedDTypes(targets[0].name))
        }
        let operation =
            targets.count > 1
            ? "split"
            : sources.count > 1
                ? "merge"
                : sources[0].shape == targets[0].shape
                    ? "rename" : target == .diffusers ? "squeeze" : "unsqueeze"
        var position = 0
        var result: [Tensor] = []
        for tensor in targets {
            let count = tensor.shape.elementCount ?? 0
            let runs =
                sources.count > 1
                ? zip(stored, sources).map {
                    Run(source: $0, firstElement: 0, elementCount: $1.shape.elementCount ?? 0)
                }
                : [Run(source: first, firstElement: position, elementCount: count)]
            position += count
            let descriptor = TensorDescriptor(
                name: tensor.name,
                dtype: keeps ? sourceDType : dtype ?? sourceDType,
                shape: tensor.shape
            )
            result.append(Tensor(descriptor: descriptor, runs: runs, sourceDType: sourceDType, operation: operation))
        }
        return result
    }

    /// Fills shards greedily in module order, as `split_torch_state_dict_into_shards` of huggingface_hub 2.4 does: a tensor
    /// above the limit gets a shard of its own at once, before the one that is being filled.
    private static func shards(_ tensors: [Tensor], limit: Int?) -> [[Tensor]] {
        guard let limit else { return [tensors] }
        var shards: [[Tensor]] = []
        var current: [Tensor] = []
        var size = 0
        for tensor in tensors {
            let bytes = tensor.byteCount
            if bytes > limit {
                shards.append([tensor])
                continue
            }
            if size + bytes > limit {
                shards.append(current)
                current = []
                size = 0
            }
            current.append(tensor)
            size += bytes
        }
        return current.isEmpty ? shards : shards + [current]
    }

    private static func file(_ name: String, _ tensors: [Tensor], format: String?) -> File {
        let layout = SafetensorsLayout(tensors.map(\.descriptor), format: format)
        let byName = Dictionary(uniqueKeysWithValues: tensors.map { (UTF8Name($0.descriptor.name), $0) })
        let placed = layout.placements.compactMap { placement in
            byName[UTF8Name(placement.descriptor.name)].map { (tensor: $0, offset: placement.offset) }
        }
        return File(name: name, header: layout.header, tensors: placed, size: layout.fileSize)
    }

    /// The index, named as diffusers has since 0.30: `diffusion_pytorch_model.safetensors.index.fp16.json`.
    private static func index(_ files: [File], _ tensors: [Tensor], stem: String) -> (name: String, text: String) {
        var map: [JSONValue.Member] = []
        for file in files {
            map += file.tensors.map { .init($0.tensor.descriptor.name, .string(file.name)) }
        }
        let value: JSONValue = [
            "metadata": ["total_size": .integer(tensors.reduce(0) { $0 + $1.byteCount })],
            "weight_map": .object(map),
        ]
        let parts = stem.split(separator: ".").map(String.init)
        let variant = parts.count > 1 ? ".\(parts[1])" : ""
        return ("\(parts[0]).safetensors.index\(variant).json", JSONWriter.pretty(value, sortKeys: true) + "\n")
    }
}

extension ConversionPlan.Tensor {
    /// The bytes that it takes in the output.
    package var byteCount: Int { descriptor.shape.byteCount(of: descriptor.dtype) ?? 0 }

    /// Whether its values change their format.
    package var isCast: Bool { descriptor.dtype != sourceDType }
}

/// Sizes as users write them: decimal, as in diffusers' `max_shard_size`.
extension ByteSize {
    /// Reads `5GB`, `300KB`, `1.5 GB`, `2GiB` or a number of bytes.
    package static func parse(_ text: String) throws(ConversionFault) -> Int {
        let units: [(String, Double)] = [
            ("KIB", 1024), ("MIB", 1_048_576), ("GIB", 1_073_741_824), ("TIB", 1_099_511_627_776),
            ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("B", 1), ("", 1),
        ]
        let upper = text.uppercased().filter { $0 != " " }
        for (suffix, factor) in units where upper.hasSuffix(suffix) {
            guard let number = Double(upper.dropLast(suffix.count)), number.isFinite, number > 0 else { break }
            guard let size = Int(exactly: (number * factor).rounded()), size > 0 else { break }
            return size
        }
        throw .badShardSize(text)
    }
}
