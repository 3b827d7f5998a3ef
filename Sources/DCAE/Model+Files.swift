internal import CheckpointIO
internal import Files
internal import Inference
internal import ModelZoo
internal import Models
public import TensorCore

extension Model {
    /// What a file of latents or samples is written as, where the output is a folder.
    public enum FileKind: String, Sendable, CaseIterable {
        /// safetensors with one tensor, `latent` or `sample`, and what is known of it as metadata.
        case safetensors
        /// NumPy's `.npy`.
        case npy
        /// A picture; of samples alone.
        case png
    }

    /// What files are written, and where.
    public struct FileOutput: Sendable, Equatable {
        /// A folder, which gets a file for each input; or one file for all, whose name ends in `.safetensors`, `.npy` or, of one
        /// sample, `.png`.
        public var path: String
        /// The kind of files in a folder; nil for safetensors of latents and PNG of samples.
        public var kind: FileKind?
        /// Whether inputs are left out whose output is in the folder already: it is whole, or not there.
        public var resume = false
        /// Whether files that exist are replaced.
        public var overwrite = false
        /// Whether the disk is waited for.
        public var waitsForDisk = true

        /// Files in a folder, or one file; nothing that exists is replaced.
        public init(_ path: String, kind: FileKind? = nil) {
            self.path = path
            self.kind = kind
        }
    }

    /// What became of a run over files.
    public struct FileResults: Sendable {
        /// A file that was read and what was made of it.
        public struct Item: Sendable {
            /// The file that was read.
            public let input: String
            /// The files that were written: one, or one for each sample of a batch.
            public let outputs: [String]
            /// The sizes of the latent or sample, NCHW.
            public let dimensions: [Int]
            /// The seconds in the network.
            public let seconds: Double
            /// What was decided about the input, a line each.
            public let notes: [String]
            /// What is odd about the input or the result, a line each.
            public let warnings: [String]
        }

        /// What was done, in order.
        public internal(set) var items: [Item] = []
        /// Why files were left out: what could not be read, or has sizes that the network does not take.
        public internal(set) var skipped: [any Refusal] = []
        /// How many inputs were left out as their output was there already.
        public internal(set) var doneBefore = 0
    }

    /// Encodes files: pictures (PNG, JPEG, WebP) and tensors of images, and the pictures in folders and in the folders in these.
    ///
    /// The next pictures are read while the network computes. Of several inputs one that cannot be read is left out, and the rest
    /// go on. Every output is whole or absent, also where the task is cancelled: what was done before that stays.
    ///
    /// - Parameters:
    ///   - inputs: files and folders.
    ///   - output: what is written, and where.
    ///   - framing: how pictures become what the network takes.
    ///   - options: how the network is run.
    ///   - progress: told of thousandths of an input.
    /// - Returns: what was done, and what was left out.
    /// - Throws: `CheckpointError` where it is not known which network it is, where an output exists or two inputs would have the
    ///   same, where the disk is full; of one input also why it cannot be read; `CancellationError`.
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

    /// Decodes files of latents, and those in folders and in the folders in these.
    ///
    /// Latents whose files say that they are scaled are scaled back, whatever `options` say.
    ///
    /// - Parameters:
    ///   - inputs: files and folders.
    ///   - output: what is written, and where.
    ///   - options: how the network is run.
    ///   - progress: told of thousandths of an input.
    /// - Returns: what was done, and what was left out.
    /// - Throws: as encoding files.
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
