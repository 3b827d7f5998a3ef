internal import CheckpointIO
internal import Files
internal import Inference
internal import ModelZoo
internal import Models
public import TensorCore

extension Model {
    /// The kind of files of latents or samples in an output folder.
    public enum FileKind: String, Sendable, CaseIterable {
        /// safetensors with one tensor, `latent` or `sample`, with a description as metadata.
        case safetensors
        /// NumPy's `.npy`.
        case npy
        /// A picture; only for samples.
        case png
    }

    /// Which files to write, and where.
    public struct FileOutput: Sendable, Equatable {
        /// A folder, which gets one file for each input; or one file for all, whose name ends in `.safetensors`, `.npy` or, for
        /// one sample, `.png`.
        public var path: String
        /// The kind of files in a folder; nil for safetensors of latents and PNG of samples.
        public var kind: FileKind?
        /// Whether to skip inputs whose output is in the folder already. An output that is there is complete.
        public var resume = false
        /// Whether to replace files that exist.
        public var overwrite = false
        /// Whether data is flushed to disk.
        public var waitsForDisk = true

        /// Creates a description; files that exist are not replaced.
        public init(_ path: String, kind: FileKind? = nil) {
            self.path = path
            self.kind = kind
        }
    }

    /// The results of a run over files.
    public struct FileResults: Sendable {
        /// A file that was read, and its result.
        public struct Item: Sendable {
            /// The file that was read.
            public let input: String
            /// The files that were written: one, or one for each sample of a batch.
            public let outputs: [String]
            /// The sizes of the latent or sample, NCHW.
            public let dimensions: [Int]
            /// The seconds in the network.
            public let seconds: Double
            /// What was decided about the input, one line each.
            public let notes: [String]
            /// What is odd about the input or the result, one line each.
            public let warnings: [String]
        }

        /// What was done, in order.
        public internal(set) var items: [Item] = []
        /// Why files were skipped: they could not be read, or have sizes that the network does not take.
        public internal(set) var skipped: [any Refusal] = []
        /// How many inputs were skipped because their output was there already.
        public internal(set) var doneBefore = 0
    }

    /// Encodes files: pictures (PNG, JPEG, WebP) and tensors of images, and the pictures in folders and their subfolders.
    ///
    /// The next pictures are read while the network computes. If one of several inputs cannot be read, it is skipped and the
    /// others go on. Every output is complete or absent, even after cancellation; finished outputs stay.
    ///
    /// - Parameters:
    ///   - inputs: files and folders.
    ///   - output: which files to write, and where.
    ///   - framing: how to make pictures fit the network.
    ///   - options: how to run the network.
    ///   - progress: called with the progress in thousandths of an input.
    /// - Returns: the results, and what was skipped.
    /// - Throws: `CheckpointError` if the network is unknown, if an output exists or two inputs would have the same output, or if
    ///   the disk is full; with a single input also why it cannot be read; `CancellationError`.
    public func encode(
        files inputs: [String],
        to output: FileOutput,
        framing: Framing = Framing(),
        _ options: RunOptions = RunOptions(),
        progress: ProgressHandler? = nil
    ) async throws -> FileResults {
        try await Background.run { mark in
            let target = try RunTarget(
                output.path,
                kinds: [.safetensors, .npy],
                folderKind: (output.kind ?? .safetensors).kind
            )
            let files = try RunFile.images(at: inputs)
            let model = try networks.load(opened, .encoder, options)
            if let channels = options.latentChannels { try model.check(latentChannels: channels) }
            let work = NetworkRun.Work.encode(try framing.loader(), latentChannels: options.latentChannels)
            return try run(work, files, target, output, model, options, mark, progress)
        }
    }

    /// Decodes files of latents, and those in folders and their subfolders.
    ///
    /// If a file says that its latents are scaled, they are scaled back, even if `options` do not ask for it.
    ///
    /// - Parameters:
    ///   - inputs: files and folders.
    ///   - output: which files to write, and where.
    ///   - options: how to run the network.
    ///   - progress: called with the progress in thousandths of an input.
    /// - Returns: the results, and what was skipped.
    /// - Throws: the same as encoding files.
    public func decode(
        files inputs: [String],
        to output: FileOutput,
        _ options: RunOptions = RunOptions(),
        progress: ProgressHandler? = nil
    ) async throws -> FileResults {
        try await Background.run { mark in
            let target = try RunTarget(
                output.path,
                kinds: [.png, .safetensors, .npy],
                folderKind: (output.kind ?? .png).kind
            )
            let files = try RunFile.tensors(at: inputs)
            let model = try networks.load(opened, .decoder, options)
            return try run(.decode(tensorName: nil), files, target, output, model, options, mark, progress)
        }
    }

    private func run(
        _ work: NetworkRun.Work,
        _ all: [RunFile],
        _ target: RunTarget,
        _ output: FileOutput,
        _ model: LoadedModel,
        _ options: RunOptions,
        _ mark: StopMark,
        _ progress: ProgressHandler?
    ) throws -> FileResults {
        try target.refuseCollisions(all)
        var files = all
        if output.resume, case .folder = target { files = target.remaining(all) }
        var results = FileResults()
        results.doneBefore = all.count - files.count
        let run = NetworkRun(
            model,
            work,
            scaling: options.isScaled ? try model.source.normalization : nil,
            target: target,
            force: output.overwrite,
            isPart: all.count > 1,
            durability: output.waitsForDisk ? .flushed : .fast
        )
        let total = 1000 * files.count
        var observer = NetworkRun.Observer()
        observer.progress = { index, part throws(CancellationError) in
            try mark.checkComputation()
            progress?(Progress(phase: .computing, done: 1000 * index + Int(1000 * part), total: total))
        }
        observer.done = { results.items.append(FileResults.Item($0)) }
        observer.skipped = { results.skipped.append($0) }
        try run.run(files, observer)
        return results
    }
}

extension Model.FileKind {
    fileprivate var kind: OutputDocument.Kind {
        switch self {
        case .safetensors: .safetensors
        case .npy: .npy
        case .png: .png
        }
    }
}

extension Model.FileResults.Item {
    fileprivate init(_ item: NetworkRun.Item) {
        input = item.input
        outputs = item.outputs
        dimensions = item.dimensions
        seconds = item.seconds
        notes = item.notes
        warnings = item.warnings.map(\.description)
    }
}
