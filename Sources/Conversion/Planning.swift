package import CheckpointIO
internal import ModelZoo
package import Models
internal import StrictJSON
internal import TensorCore

extension ConversionPlan {
    /// Plans a conversion: the model seen in the target layout, cut into files.
    ///
    /// - Throws: where it is not known what the model is, where the output needs a scaling factor that is not known, and where
    ///   nothing at all would change.
    package init(_ model: OpenedModel, _ options: ConversionOptions) throws(CheckpointError) {
        let (config, network, layout) = try model.requireNetwork()
        let target = options.target
        guard target.holds(config) else { throw model.error(ConversionFault.layoutWithout(target)) }
        let view = model.view(as: target, joinsMixed: options.dtype != nil)
        let wanted = network.tensors(in: target)
        var tensors: [Tensor] = []
        for (viewed, (form, kind)) in zip(view.tensors, wanted) {
            guard UTF8Name(viewed.descriptor.name) == UTF8Name(form.name) else {
                throw model.error(ConversionFault.mixedDTypes(form.name))
            }
            tensors.append(Tensor(viewed, as: kind == .batchCounter ? nil : options.dtype, form))
        }
        guard tensors.count == wanted.count else {
            throw model.error(ConversionFault.mixedDTypes(wanted[tensors.count].tensor.name))
        }
        self.model = model
        self.layout = layout
        self.target = target
        self.network = network
        self.tensors = tensors
        compression = options.compression
        allowsInfinite = options.allowsInfinite
        output = options.output
        let shards = Self.shards(tensors, limit: options.maxShardSize)
        let suffix = options.compression == nil ? "" : ".zst"
        let format = target.metadataFormat
        switch options.output {
        case .file(let name):
            guard shards.count == 1 else { throw model.error(ConversionFault.shardsInOneFile) }
            stem = ShardName.stem(of: name) ?? name
            files = [Self.file(name, shards[0], format: format)]
            index = nil
            self.config = nil
            // What diffusers reads from config.json is in no weights file.
            notes = Self.unpublished(model, target) + Self.leftOut(model)
        case .folder:
            if target != .original, target != .comfyui { _ = try model.scalingFactor }
            // In no layout is something written over a config.json that says otherwise.
            if let problem = model.factorProblem, problem.isOfConfig { throw model.error(problem) }
            let config = OutputConfig(model, for: target)
            stem = Self.stem(target, options.dtype)
            files = shards.enumerated().map { [stem] number, shard in
                let name =
                    shards.count == 1
                    ? stem + ".safetensors" : ShardName.make(stem: stem, number: number + 1, of: shards.count)
                return Self.file(name + suffix, shard, format: format)
            }
            index = shards.count == 1 ? nil : Self.index(files, tensors, stem: stem)
            self.config = config.text
            notes = config.notes + Self.unpublished(model, target) + Self.leftOut(model)
        }
        if try changesNothing { throw model.error(ConversionFault.alreadyThere(layout)) }
    }

    /// What a file says in its metadata and no layout has a place for.
    private static func leftOut(_ model: OpenedModel) -> [String] {
        let keys = model.checkpoint.metadata.map(\.key).filter { $0 != "format" }
        guard !keys.isEmpty else { return [] }
        let shown = keys.prefix(4).map { $0.escaped(limit: 40) }.joined(separator: ", ")
        return ["the file's metadata is left out: \(shown)" + (keys.count > 4 ? " and \(keys.count - 4) more" : "")]
    }

    /// Whether the output would be what the source is already, file by file.
    private var changesNothing: Bool {
        get throws(CheckpointError) {
            let source = model.file
            let folder = source.files.first.map { ModelFolder.parent(of: $0.path) }
            // The vae/ of a pipeline is taken out of it.
            if ModelFolder.isFolder(model.path), let folder,
                ModelFolder.name(of: folder) != ModelFolder.name(of: model.path)
            {
                return false
            }
            guard layout == target, compression == nil, !source.isCompressed, source.format == .safetensors,
                source.files.count == files.count, index != nil || source.indexPath == nil, !isCast
            else { return false }
            for (file, own) in zip(files, source.files) {
                guard file.size == own.size, ModelFolder.name(of: own.path) == file.name,
                    try own.bytes(at: 0, count: file.header.count) == file.header
                else { return false }
            }
            guard let config else { return true }
            guard let own = model.surroundings.config.file,
                let value = try? JSONReader.read(own.contents(limit: Registry.fileLimit))
            else { return false }
            // The version says who wrote the file, not what the model is.
            func body(_ value: JSONValue) -> [JSONValue.Member] {
                (value.members ?? []).filter { $0.key != "_diffusers_version" }.sorted {
                    UTF8Name($0.key) < UTF8Name($1.key)
                }
            }
            return (try? JSONReader.read(Array(config.utf8))).map(body) == body(value)
        }
    }

    /// What is said where a published model is written in a layout that its publishers never used.
    private static func unpublished(_ model: OpenedModel, _ target: Layout) -> [String] {
        guard let variant = model.variant, !target.isUnpublished, !variant.layouts.contains(target) else { return [] }
        let published = variant.layouts.map(\.rawValue).joined(separator: " and ")
        return [
            "\(variant.name) was published only in the \(published) layout: loaders of the \(target.rawValue) layout "
                + "do not know its name; the output is for comparing and for converting back"
        ]
    }

    /// `diffusion_pytorch_model`, with the dtype as diffusers' variant where one was asked for; other layouts know no variants.
    private static func stem(_ target: Layout, _ dtype: DType?) -> String {
        guard target == .diffusers else { return target.stem }
        switch dtype {
        case .f16: return "\(target.stem).fp16"
        case .bf16: return "\(target.stem).bf16"
        default: return target.stem
        }
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
    /// A tensor as the view has it, in the dtype that is asked for.
    fileprivate init(_ viewed: ViewedTensor, as dtype: DType?, _ form: Parameter.Tensor) {
        descriptor = TensorDescriptor(
            name: viewed.descriptor.name,
            dtype: dtype ?? viewed.descriptor.dtype,
            shape: viewed.descriptor.shape
        )
        literal = viewed.literal
        sourceDType = viewed.descriptor.dtype
        runs = viewed.pieces.map { piece in
            let size = piece.tensor.descriptor.dtype.byteCount ?? 1
            return .init(source: piece.tensor, firstElement: piece.start / size, elementCount: piece.count / size)
        }
        operation = Self.operation(viewed, runs)
    }

    private static func operation(_ viewed: ViewedTensor, _ runs: [ConversionPlan.Run]) -> String {
        guard let first = runs.first else { return "make" }
        if runs.count > 1 { return "merge" }
        let source = first.source.descriptor.shape
        if first.elementCount < source.elementCount ?? 0 { return "split" }
        if first.source.location.strides != nil, source.dimensions.count == 4 { return "permute" }
        let (from, to) = (source.dimensions.count, viewed.descriptor.shape.dimensions.count)
        return from == to ? "rename" : from > to ? "squeeze" : "unsqueeze"
    }

    /// The bytes that it takes in the output.
    package var byteCount: Int { descriptor.shape.byteCount(of: descriptor.dtype) ?? 0 }

    /// Whether its values change their format.
    package var isCast: Bool { descriptor.dtype != sourceDType }
}
