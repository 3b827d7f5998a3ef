internal import CheckpointIO
internal import DCAENetwork
package import Files
package import Images
package import ModelZoo
package import TensorCore

/// Encodes or decodes files, each into a file of its own or all into one.
package struct NetworkRun: Sendable {
    /// What is done to every file.
    package enum Work: Sendable {
        /// Images into latents, of so many channels, the first; nil for all.
        case encode(ImageLoader, latentChannels: Int? = nil)
        /// Latents into samples; the name of the tensor in a file of several.
        case decode(tensorName: String?)
    }

    let model: LoadedModel
    let work: Work
    let scaling: LatentNormalization?
    let target: RunTarget
    private let force: Bool
    private let isPart: Bool
    private let durability: Durability

    /// Describes a run.
    ///
    /// - Parameters:
    ///   - model: what encodes or decodes.
    ///   - work: which of the two, and how inputs are read.
    ///   - scaling: how latents are normalised after encoding and brought back before decoding; nil to leave them, but for
    ///     those whose files say how they were normalised.
    ///   - target: where the results go.
    ///   - force: whether files that exist are replaced.
    ///   - isPart: whether there are other files than those of this run, as in other parts of it.
    ///   - durability: whether results are on the disk before they take their names.
    package init(
        _ model: LoadedModel,
        _ work: Work,
        scaling: LatentNormalization?,
        target: RunTarget,
        force: Bool,
        isPart: Bool = false,
        durability: Durability = .flushed
    ) {
        self.model = model
        self.work = work
        self.scaling = scaling
        self.target = target
        self.force = force
        self.isPart = isPart
        self.durability = durability
    }

    /// What became of one file.
    package struct Item: Sendable {
        /// What was read.
        package let input: String
        /// What was written.
        package let outputs: [String]
        /// The sizes of the latent or sample.
        package let dimensions: [Int]
        /// Its values.
        package let statistics: TensorStatistics
        /// The seconds in the network.
        package let seconds: Double
        /// The size of a picture as it was read.
        package let size: PixelSize?
        /// The size at which the network saw it, and where in it the picture is.
        package let fitted: (size: PixelSize, content: PixelArea)?
        /// How a latent was brought back that a file says is scaled, without being asked for.
        package let broughtBack: LatentNormalization?
        /// What was decided about the input, a line each.
        package let notes: [String]
        /// What is odd about the input or the result, a line each.
        package let warnings: [Words]
    }

    /// What is told while a run goes on.
    package struct Observer {
        /// The index of a file, and the part of it that is done; to throw ends the run, and what was written stays.
        package var progress: (Int, Double) throws(CancellationError) -> Void = { _, _ in }
        /// A file that is done.
        package var done: (Item) -> Void = { _ in }
        /// A file that could not be read, or that the network cannot take: why.
        package var skipped: (any Refusal) -> Void = { _ in }

        package init() {}
    }

    /// Runs all files.
    ///
    /// In a run over several files into a folder, a file that cannot be read is left out and the rest go on; anything else
    /// ends the run.
    ///
    /// - Throws: what ends the run.
    package func run(_ files: [RunFile], _ observer: Observer) throws {
        try target.check(files, force: force)
        switch target {
        case .folder: try runApart(files, observer)
        case .file(let path, let kind): try runTogether(files, path, kind, observer)
        }
    }

    private func runApart(_ files: [RunFile], _ observer: Observer) throws {
        // The next files are read and decoded while the network computes.
        let reader = ReadAhead(count: files.count, threads: ReadAhead<Never>.threads(beside: threadCount)) { index in
            Result { try load(files[index]) }
        }
        defer { reader.cancel() }
        let folders = OutputFolders(durability)
        // What was done before an error is done.
        defer { try? folders.flush() }
        for (index, file) in files.enumerated() {
            guard let loaded = reader.next() else { break }
            let input: Input
            let result: FloatTensor
            let seconds: Double
            do {
                input = try loaded.get()
                (result, seconds) = try compute(input, file) { part throws(CancellationError) in
                    try observer.progress(index, part)
                }
            } catch let error as any Refusal where (files.count > 1 || isPart) && Self.concerns(file, error) {
                observer.skipped(error)
                try observer.progress(index, 1)
                continue
            }
            let outputs = try write(result, input, to: target.path(for: file), folders)
            // It is written: who wants the end is asked again at the next file.
            try? observer.progress(index, 1)
            observer.done(item(file, input, outputs, result, seconds))
        }
        try folders.flush()
    }

    private func runTogether(
        _ files: [RunFile],
        _ path: String,
        _ kind: OutputDocument.Kind,
        _ observer: Observer
    ) throws {
        let document = try OutputDocument(path, force: force, durability: durability)
        var results: [FloatTensor] = []
        var items: [Item] = []
        var pictures: [LatentNote.Picture?] = []
        var note: LatentNote?
        for (index, file) in files.enumerated() {
            let input = try load(file)
            if kind == .png { try refuseSeveral(results.count + input.tensor.batch, path) }
            let (result, seconds) = try compute(input, file) { part throws(CancellationError) in
                try observer.progress(index, part)
            }
            results.append(result)
            items.append(item(file, input, [path], result, seconds))
            pictures += noted(input)
            note = note ?? input.note
        }
        let all = try FloatTensor.joined(results, path: path)
        if kind == .png {
            try document.write(try picture(all, 0, path, note))
        } else {
            try document.write(all, named: resultName, as: kind, metadata: metadata(pictures))
        }
        items.forEach(observer.done)
    }

    // MARK: -

    private var threadCount: Int { model.network.options.threads }

    private var resultName: String {
        switch work {
        case .encode: LatentNote.tensorName
        case .decode: "sample"
        }
    }

    private func load(_ file: RunFile) throws -> Input {
        let input: Input
        switch work {
        case .encode(let loader, _):
            let image = try loader.load(file.path, for: model.network)
            input = Input(tensor: image.tensor, image: image)
        case .decode(let name):
            let config = model.network.config
            let ratio = model.network.spatialCompressionRatio
            let use = TensorFile.Use.latent(
                channels: config.latentChannels,
                takesFewer: model.network.decodesPartialLatents,
                valuesPerPixel: config.inChannels * ratio * ratio
            )
            let content = try TensorFile.read(file.path, name: name, for: use)
            input = try broughtBack(content, file.path)
        }
        if model.network.options.check != .nothing, let index = input.tensor.values.firstIndex(where: { !$0.isFinite })
        {
            let value = ValueOutOfRange(input.tensor.values[index], at: .input(element: index))
            throw PlacedRefusal(place: file.path, cause: NetworkError.outOfRange(value), isFinding: true)
        }
        return input
    }

    private func compute(
        _ input: Input,
        _ file: RunFile,
        progress: @escaping AutoencoderDC.Progress
    ) throws(PlacedRefusal) -> (result: FloatTensor, seconds: Double) {
        let clock = ContinuousClock()
        let start = clock.now
        var result =
            switch work {
            case .encode(_, let channels):
                try model.encode(input.tensor, from: file.path, latentChannels: channels, progress: progress)
            case .decode: try model.decode(input.tensor, from: file.path, progress: progress)
            }
        let seconds = clock.now.seconds(since: start)
        if case .encode = work, let scaling { result.normalize(by: scaling.first(result.channels)) }
        return (result, seconds)
    }

    /// Writes a result; as PNG every sample of a batch by itself, numbered where there are several.
    private func write(
        _ result: FloatTensor,
        _ input: Input,
        to path: String,
        _ folders: OutputFolders
    ) throws -> [String] {
        guard target.kind == .png else {
            let document = try OutputDocument(path, force: force, folders: folders)
            try document.write(result, named: resultName, as: target.kind, metadata: metadata(noted(input)))
            return [path]
        }
        let digits = String(result.batch - 1).count
        return try (0..<result.batch).map { index in
            let number = String(index)
            let padded = String(repeating: "0", count: digits - number.count) + number
            let name = result.batch == 1 ? path : Path.withoutExtension(path) + "-\(padded).png"
            try OutputDocument(name, force: force, folders: folders).write(try picture(result, index, name, input.note))
            return name
        }
    }

    /// A sample as a picture, without what the picture that was encoded was padded with.
    private func picture(
        _ sample: FloatTensor,
        _ index: Int,
        _ path: String,
        _ note: LatentNote?
    ) throws -> Picture {
        guard sample.channels == 3 else {
            throw CheckpointError(path, .file, InferenceFault.notRGB(channels: sample.channels))
        }
        let picture = sample.picture(index)
        guard let area = note?.content(index, width: sample.width, height: sample.height) else { return picture }
        return picture.cropped(to: PixelArea(x: area.x, y: area.y, width: area.width, height: area.height))
    }

    private func refuseSeveral(_ count: Int, _ path: String) throws(CheckpointError) {
        if count > 1 { throw CheckpointError(path, .file, InferenceFault.severalSamples(count)) }
    }

    private func item(
        _ file: RunFile,
        _ input: Input,
        _ outputs: [String],
        _ result: FloatTensor,
        _ seconds: Double
    ) -> Item {
        let statistics = TensorStatistics(result)
        return Item(
            input: file.path,
            outputs: outputs,
            dimensions: result.dimensions,
            statistics: statistics,
            seconds: seconds,
            size: input.image?.size,
            fitted: input.image?.picture.map { ($0.picture.size, $0.content) },
            broughtBack: input.broughtBack,
            notes: notes(input, result),
            warnings: [
                input.image?.note.map { Words($0) }, input.note?.warning(for: model).map { Words($0) },
                statistics.warning,
            ].compactMap(\.self)
        )
    }

    /// Whether an error is about one input rather than about the model or the machine.
    private static func concerns(_ file: RunFile, _ error: any Refusal) -> Bool {
        switch error {
        case is ImageRefusal: true
        case let error as CheckpointError: Path.isSame(error.path, file.path)
        case let placed as PlacedRefusal:
            if case .shape? = placed.cause as? NetworkError { true } else { false }
        default: false
        }
    }
}
