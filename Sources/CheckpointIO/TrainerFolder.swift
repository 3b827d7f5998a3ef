/// Folders that training frameworks write, which hold a checkpoint in a way of their own.
enum TrainerFolder {
    /// A folder that torch.distributed.checkpoint wrote.
    case distributed(String)
    /// The file in such a folder that holds the weights.
    case file(String)

    /// What a path leads to; nil where it is no such folder.
    ///
    /// - Throws: where it is one whose weights cannot be read.
    init?(_ path: String) throws(CheckpointError) {
        guard ModelFolder.isFolder(path) else {
            let name = ModelFolder.name(of: path)
            guard name == ".metadata" || name.hasSuffix(".distcp") else { return nil }
            let folder = ModelFolder.parent(of: path)
            guard FileIdentity(path: ModelFolder.join(folder, ".metadata")) != nil else {
                throw CheckpointError(path, .file, DistributedFault.noIndex)
            }
            self = .distributed(folder)
            return
        }
        if try ModelFolder.fileNames(in: path).contains(where: { $0.hasSuffix(".distcp") }) {
            guard FileIdentity(path: ModelFolder.join(path, ".metadata")) != nil else {
                throw CheckpointError(path, .file, DistributedFault.noIndex)
            }
            self = .distributed(path)
            return
        }
        // accelerate saves a model that FSDP has cut into pieces in a folder of this name.
        let pieces = ModelFolder.join(path, "pytorch_model_fsdp_0")
        if FileIdentity(path: ModelFolder.join(pieces, ".metadata")) != nil,
            try !ModelFolder.fileNames(in: path).contains(where: Self.mayBeModel)
        {
            self = .distributed(pieces)
            return
        }
        guard let file = try Self.deepSpeedFile(in: try Self.latest(path)) else { return nil }
        self = .file(file)
    }

    /// Whether a file beside the pieces may hold the model itself, and not what accelerate saves of the training: `scheduler.bin`,
    /// `optimizer.bin`, `custom_checkpoint_0.pkl` and the like.
    private static func mayBeModel(_ name: String) -> Bool {
        guard ModelFolder.isWeightsOrIndex(name) else { return false }
        let stem = name.prefix { $0 != "." && !$0.isNumber }
        let word = stem.hasSuffix("_") ? String(stem.dropLast()) : String(stem)
        return !["scheduler", "optimizer", "sampler", "scaler", "dl_state_dict", "random_states", "custom_checkpoint"]
            .contains(word)
    }

    /// DeepSpeed names its newest checkpoint, a folder, in the file `latest`.
    private static func latest(_ path: String) throws(CheckpointError) -> String {
        let pointer = ModelFolder.join(path, "latest")
        guard FileIdentity(path: pointer) != nil, !ModelFolder.isFolder(pointer) else { return path }
        let text = String(decoding: try InputFile(opening: pointer).contents(limit: 4096), as: UTF8.self)
        let name = String(text.prefix { !$0.isWhitespace })
        let folder = ModelFolder.join(path, name)
        return Checkpoint.isPlainName(name) && ModelFolder.isFolder(folder) ? folder : path
    }

    /// The one file of model states among those of optimizers.
    private static func deepSpeedFile(in folder: String) throws(CheckpointError) -> String? {
        let names = try ModelFolder.fileNames(in: folder)
        let states = names.filter { $0.hasSuffix("_model_states.pt") }
        let whole = states.filter { $0.hasPrefix("mp_rank_") }
        if whole.count == 1 { return ModelFolder.join(folder, whole[0]) }
        // Without the model's states there is each process's part of them, in its optimizer's.
        let parts = states + names.filter { $0.hasPrefix("zero_pp_rank_") && $0.hasSuffix("_optim_states.pt") }
        if let first = parts.first, whole.isEmpty {
            throw CheckpointError(ModelFolder.join(folder, first), .file, TorchFault.partitioned)
        }
        return nil
    }
}
