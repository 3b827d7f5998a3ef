internal import ArgumentParser
internal import Calibration
internal import CheckpointIO
internal import Conversion
internal import DCAE
internal import Files
internal import Images
internal import Inference
internal import ModelZoo
internal import Models
internal import Pages
internal import StrictJSON
internal import TensorCore

struct RoundtripCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roundtrip",
        abstract:
            "Encodes and decodes pictures and measures the result; without pictures, traces every byte to the other layout and back.",
        discussion: """
            With pictures: how close the reconstruction is, the latent's shape and
            statistics, the time and memory of each stage, and a sheet of input,
            reconstruction and difference. --reference also runs a second checkpoint and
            compares latents and samples: original against converted, 1.0 against 1.1,
            fp32 against bf16.

              dcae roundtrip sana/ photo.png -o sheet.png
              dcae roundtrip sana/ photos/ --size 512 --limit 50 -o worst.png
              dcae roundtrip converted/ photo.png --reference model.safetensors
              dcae roundtrip 1.5/ photo.png --latent-channels 16,32,64,128 -o sheet.png

            Without pictures: the plans of both conversions are put together, and every
            byte is traced from the source to the other layout and back. Nothing is
            written.

              dcae roundtrip model.safetensors

            --as casts the weights in memory, runs, and shows what each format costs: PSNR
            against the picture of the uncast model, the layer that is farthest off, and
            the values lost. --activations looks for values between layers that a format
            cannot hold.

              dcae roundtrip sana/ photo.png --as fp16,bf16,fp8-e4m3
              dcae roundtrip sana/ photo.png --as bf16 --activations fp16

            With several pictures a summary follows, and a sheet or page shows the worst
            twelve. If a picture cannot be read, an error names it, and the others go on.
            `dcae eval` measures large sets by the protocol of the paper, and can resume.

            Exit codes: 0 done; 1 a byte does not return, or --check-finite found
            something; 2 it could not be done, or pictures were skipped.
            """
    )

    @Argument(help: "A checkpoint, a shard index or a model folder.", completion: .file())
    var path: String

    @Argument(help: "Pictures, tensors of images, or folders of pictures.", completion: .file())
    var images: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("The PNG file for the sheet.", valueName: "png"))
    var output: String?

    @Option(help: ArgumentHelp("A second checkpoint to compare with.", valueName: "path"), completion: .file())
    var reference: String?

    @Option(
        help: ArgumentHelp(
            "Decode only the first channels of the latent and compare, for example 16,32,64,128.",
            discussion: "Only for networks made for it, such as DC-AE 1.5.",
            valueName: "list"
        )
    )
    var latentChannels: ChannelCounts?

    @Option(
        help: ArgumentHelp(
            "Resize and crop every picture to a square of this side, by ADM's crop as the networks are evaluated.",
            valueName: "pixels"
        )
    )
    var size: Int?

    @Option(help: ArgumentHelp("Use at most this many pictures, evenly spread over those found.", valueName: "number"))
    var limit: Int?

    @Flag(help: "Show the cost of each stage of the network, also with several pictures.")
    var stages = false

    @Flag(help: "Scale latents for a diffusion model and back before they are decoded; the formula is printed.")
    var scaled = false

    @Flag(help: "Replace files that exist.")
    var force = false

    @OptionGroup var damage: DamageArguments
    @OptionGroup var page: PageArguments
    @OptionGroup var pictures: PictureArguments
    @OptionGroup var tiles: TileArguments
    @OptionGroup var model: ModelArguments
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if images.isEmpty, output != nil { throw ValidationError("--output is a sheet of pictures: name some") }
        if images.isEmpty, page.html != nil { throw ValidationError("--html shows pictures: name some") }
        if images.isEmpty, let asked = damage.asked {
            throw ValidationError("\(asked) is measured on pictures: name some")
        }
        if let size, !(1...16384).contains(size) { throw ValidationError("--size must be from 1 to 16384") }
        if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
        if images.isEmpty, size != nil || limit != nil || stages {
            throw ValidationError("--size, --limit and --stages are for pictures: name some")
        }
        if let asked = damage.asked {
            if output != nil || reference != nil || page.html != nil || tiles.tile != nil || stages {
                throw ValidationError(
                    "\(asked) makes its own table: leave out --output, --html, --reference, --stages and --tile"
                )
            }
            if scaled || latentChannels != nil {
                throw ValidationError("\(asked) cannot be combined with --scaled or --latent-channels")
            }
            if model.engine != .fast { throw ValidationError("\(asked) works only with the fast engine") }
        }
        if images.isEmpty, scaled || latentChannels != nil {
            throw ValidationError("--scaled and --latent-channels are for pictures: name some")
        }
        if latentChannels != nil, reference != nil || page.html != nil || scaled {
            throw ValidationError("--latent-channels cannot be combined with --reference, --html or --scaled")
        }
        if images.isEmpty, reference != nil { throw ValidationError("--reference is compared on pictures: name some") }
    }

    func run() throws {
        if images.isEmpty { return try followLayouts() }
        if damage.asked != nil { return try runDamage() }
        if let output, OutputDocument.Kind(path: output) != .png {
            throw CheckpointError(output, .file, InferenceFault.outputKind(kinds: [".png"]))
        }
        // Before the model is loaded; and again when all is known that must not be replaced.
        if let output { try OutputTarget.check(output, force: force) }
        let files = PictureSet.spread(try RunFile.images(at: images), limit)
        common.say(leftOutOf: images)
        let loaded = try model.load(path, common, tiles: tiles)
        try pictures.check(side: size, for: loaded)
        if let latentChannels { return try runParts(latentChannels.counts, files, loaded) }
        if scaled { _ = try ScalingArguments.say(of: loaded, .encoding, common) }
        let other = try reference.map { try model.load($0, common, tiles: tiles, isOther: true) }
        if force { ReadHistory.announce(files.map(\.path)) }
        let sources = loaded.source.files + (other?.source.files ?? [])
        let sheet = try output.map { path in
            try OutputDocument(path, force: force, sources: sources, durability: page.writing.durability)
        }
        let document = try page.prepare(sources: sources, force: force)
        let bar = Progress("running", total: files.count * 100, of: .inputs(steps: 100), quiet: common.quiet)
        defer { bar.finish() }
        var set = RoundtripSet(keepsPixels: sheet != nil || document != nil)
        for file in files {
            do {
                let made = try PictureRoundtrip.run(
                    file.path,
                    loaded,
                    reference: other,
                    loader: pictures.loader(side: size),
                    scaled: scaled
                ) { done, total in bar.advance(done * 100 / total - (done - 1) * 100 / total) }
                for roundtrip in made { warn(of: roundtrip) }
                set.add(made)
            } catch let error as any Refusal where files.count > 1 && error.details.place.path == file.path {
                bar.finish()
                Terminal.fail(error)
                set.skipped.append(error)
            }
        }
        bar.finish()
        let shown = set.shown
        let render = RoundtripRendering(model: loaded, reference: other, set: set, showsStages: stages)
        if let sheet, let output, !shown.isEmpty {
            let names = render.names
            let drawn = PictureRoundtrip.sheet(shown, model: names.model, reference: names.reference)
            try sheet.write(try drawn.picture(name: output))
        }
        if let document, !shown.isEmpty {
            let names = render.names
            let page = try PictureRoundtrip.page(
                shown,
                model: names.model,
                reference: names.reference,
                scalingFactor: loaded.config.scalingFactor
            )
            try document.write(page.html)
        }
        let outputs = shown.isEmpty ? [] : (output.map { [$0] } ?? []) + page.outputs
        if common.json {
            Terminal.print(render.document(outputs: outputs))
        } else if common.quiet {
            if !shown.isEmpty, let output { Terminal.print(output) }
        } else if !set.all.isEmpty {
            render.print()
            if !shown.isEmpty {
                if let output { Terminal.print("wrote \(output)") }
                page.sayWritten()
            }
        }
        try common.end(passedOver: set.skipped.count, of: files.count)
    }

    /// What a cast or activations of a lower precision cost, on the same pictures.
    private func runDamage() throws {
        let files = PictureSet.spread(try RunFile.images(at: images), limit)
        common.say(leftOutOf: images)
        let loaded = try model.load(path, common)
        try pictures.check(side: size, for: loaded)
        try damage.run(loaded, files, pictures.loader(side: size), common)
    }

    /// What is odd about values is said whatever else is silent.
    private func warn(of roundtrip: PictureRoundtrip) {
        for tensor in [roundtrip.main.latent, roundtrip.main.sample] {
            guard let warning = TensorStatistics(tensor).warning else { continue }
            Terminal.warn(.values, "\(roundtrip.name.escaped(limit: 300)): \(warning.forProgram)")
        }
    }

    /// Decodes from the first channels alone.
    private func runParts(_ counts: [Int], _ files: [RunFile], _ loaded: LoadedModel) throws {
        if force { ReadHistory.announce(files.map(\.path)) }
        let durability = page.writing.durability
        let sheet = try output.map { path in
            try OutputDocument(path, force: force, sources: loaded.source.files, durability: durability)
        }
        for count in counts { try loaded.check(latentChannels: count) }
        let bar = Progress("running", total: files.count * 100, of: .inputs(steps: 100), quiet: common.quiet)
        defer { bar.finish() }
        let roundtrips = try files.flatMap { file in
            try PartialRoundtrip.run(file.path, loaded, counts: counts, loader: pictures.loader(side: size)) {
                done,
                total in
                bar.advance(done * 100 / total - (done - 1) * 100 / total)
            }
        }
        bar.finish()
        let render = PartialRendering(model: loaded, roundtrips: roundtrips)
        if let sheet, let output {
            let all = loaded.network.config.latentChannels
            let drawn = PartialRoundtrip.sheet(roundtrips, model: loaded.source.name, of: all)
            try sheet.write(try drawn.picture(name: output))
        }
        if common.json { return Terminal.print(render.document(outputs: output.map { [$0] } ?? [])) }
        if common.quiet { return output.map { Terminal.print($0) } ?? () }
        render.print()
        if let output { Terminal.print("wrote \(output)") }
    }

    private func followLayouts() throws {
        let result = try LayoutRoundtrip(try model.hints.open(path, common))
        if common.json {
            Terminal.print([
                "verdict": result.misplaced.isEmpty ? "same" : "different",
                "layout": .string(result.layout.rawValue), "through": .string(result.through.rawValue),
                "tensor_count": .integer(result.tensorCount), "bytes": .integer(result.byteCount),
                "misplaced": JSONValue(result.misplaced),
            ])
        } else if !common.quiet {
            for name in result.misplaced { Terminal.print("misplaced: \(name.escaped(limit: 120))") }
            Terminal.print(
                "\(result.layout.rawValue) -> \(result.through.rawValue) -> \(result.layout.rawValue): \(result.tensorCount) tensors, \(ByteSize.show(result.byteCount)), \(result.misplaced.isEmpty ? "every byte returns to its place" : "\(result.misplaced.count) tensors do not return")"
            )
        }
        if !result.misplaced.isEmpty { throw Ending.finding("\(result.misplaced.count) tensors do not return") }
    }
}

/// Numbers of channels as they are written on the command line: `16,32,64`.
struct ChannelCounts: ExpressibleByArgument {
    let counts: [Int]

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        let counts = parts.compactMap(\.self)
        guard counts.count == parts.count, counts.count <= 64, counts.allSatisfy({ $0 > 0 }),
            Set(counts).count == counts.count
        else { return nil }
        self.counts = counts
    }
}
