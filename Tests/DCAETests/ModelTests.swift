import DCAE
import Models
import TestSupport
import Testing

/// The library's front door, as a program of someone else uses it.
@Suite struct ModelTests {
    /// There and back, with every question asked on the way.
    @Test(arguments: Fixtures.families) func thereAndBack(family: String) async throws {
        let folder = try TemporaryFolder()
        let model = try await Model.open(Tiny.diffusers(family))
        let identity = try await model.identify()
        #expect(identity.verdict == .described && identity.variant == nil && identity.problem == nil)
        #expect(identity.layout == .diffusers && identity.scalingFactor == model.config?.scalingFactor)
        #expect(identity.evidence.first?.source == "structure")

        let told = Told()
        let done = try await model.convert(to: folder("original"), .init(layout: .original)) { told.add($0) }
        #expect(done.sourceLayout == .diffusers && done.layout == .original && done.losses.isEmpty)
        #expect(done.files == ["model.safetensors", "config.json"] && done.checkedBytes > 0)
        #expect(told.phases == [.writing, .checking] && told.isOrderly)

        let original = try await Model.open(folder("original"))
        #expect(original.layout == .original)
        #expect(try await original.verify().findings == [])
        let difference = try await model.diff(original)
        #expect(difference.isSame && difference.configFields.isEmpty)
        #expect(difference.answer.first?.hasPrefix("identical: ") == true)
        #expect(difference.tensors.allSatisfy { $0.relation == .identical && $0.isSame })
        let (a, b) = (try await model.hash(), try await original.hash())
        #expect(a == b && a.content.utf8.count == 64 && a.manifest.contains(a.content))
        #expect(try await original.hash(stored: true).content != a.content)

        try await original.convert(to: folder("back"))
        let weights = "diffusion_pytorch_model.safetensors"
        #expect(try Fixtures.bytes(folder("back/" + weights)) == Fixtures.bytes(Tiny.diffusers(family) + "/" + weights))
    }

    @Test func oneFileShardsAndFormats() async throws {
        let folder = try TemporaryFolder()
        let model = try await Model.open(Tiny.diffusers("f32"))
        let file = try await model.convert(to: folder("one.safetensors"), .init(layout: .diffusers, format: .bf16))
        #expect(file.files == ["one.safetensors"] && folder.contents("") == ["one.safetensors"])
        var target = Model.Target()
        target.maxShardSize = 300_000
        target.compressionLevel = 3
        target.waitsForDisk = false
        let shards = try await model.convert(to: folder("shards"), target)
        #expect(shards.files.count > 3)
        let again = try await Model.open(folder("shards"))
        #expect(try await again.diff(model).isSame)
        let half = try await Model.open(folder("one.safetensors"), hints: .init(config: Tiny.config("f32")))
        #expect(try await half.hash().content == model.hash(as: .bf16).content)
        var options = Model.DiffOptions()
        #expect(try await model.diff(half, options).tensors.contains { $0.relation == .dtype && !$0.isSame })
        options.absoluteTolerance = 1
        options.comparesConfigs = false
        #expect(try await model.diff(half, options).isSame)
        options.only = ["encoder.conv_in.*"]
        #expect(
            try await model.diff(half, options).tensors.map(\.name).sorted() == [
                "encoder.conv_in.conv.bias", "encoder.conv_in.conv.weight",
            ]
        )
    }

    @Test func contents() async throws {
        let model = try await Model.open(Tiny.original("sana"))
        let plain = try await model.inspect()
        #expect(plain.format == .safetensors && plain.layout == .original)
        #expect(plain.tensors.count == 156 && plain.elementCount == 264_731 && plain.byteCount == 1_058_924)
        #expect(plain.tensors.allSatisfy { $0.statistics == nil && $0.file == "original.safetensors" })
        let measured = try await model.inspect(matching: ["encoder.project_in.*"], statistics: true)
        #expect(measured.tensors.count == 2)
        let weight = try #require(measured.tensors.first { $0.descriptor.name.hasSuffix("weight") }?.statistics)
        #expect(weight.count == 216 && weight.nan == 0 && weight.infinite == 0 && weight.rms ?? 0 > 0)
        #expect((weight.minimum ?? 1) < (weight.mean ?? 0) && (weight.mean ?? 0) < (weight.maximum ?? -1))
    }

    /// What is encoded and decoded is what the network itself gives; pictures go in and come out.
    @Test func runs() async throws {
        let folder = try TemporaryFolder()
        let model = try await Model.open(Tiny.diffusers("sana"))
        let ratio = try #require(model.config?.spatialCompressionRatio)
        let picture = Picture.landscape(width: 2 * ratio + 5, height: ratio + 3)
        try picture.writePNG(to: folder("photo.png"))
        let read = try Picture(file: folder("photo.png"))
        #expect(read == picture)

        let error = await #expect(throws: ImageRefusal.self) { try await model.encode(picture) }
        #expect(error?.description.contains("fit:") == true && error?.description.contains("--") == false)
        let told = Told()
        let latent = try await model.encode(picture, framing: .init(fit: .crop)) { told.add($0) }
        #expect(latent.dimensions == [1, 8, 1, 2] && told.phases == [.computing])
        let cut = picture.centreCropped(toWidth: 2 * ratio, height: ratio)
        let image = try FloatTensor(batch: 1, channels: 3, height: ratio, width: 2 * ratio, values: cut.planes())
        #expect(try model.network().encode(image) == latent)
        #expect(try await model.encode(image) == latent)

        let factor = Float(try #require(model.config?.scalingFactor))
        let scaled = try await model.encode(image, .init(isScaled: true))
        #expect(scaled.values == latent.values.map { $0 * factor })
        let pictures = try await model.decodePictures(latent)
        #expect(pictures.map(\.width) == [2 * ratio] && pictures[0].height == ratio)
        let sample = try await model.decode(latent)
        #expect(pictures == [Picture(planes: sample.values, width: 2 * ratio, height: ratio)])
        expectNear(try await model.decode(scaled, .init(isScaled: true)), sample, "scaled and back")
    }

    /// Folders of pictures become folders of latents and come back; what cannot be read is named and left out.
    @Test func runsOverFiles() async throws {
        let folder = try TemporaryFolder()
        for index in 0..<3 {
            try folder.write("photos/p\(index).png", try Picture.landscape(width: 70 + index, height: 64).png())
        }
        try folder.write("photos/p9.png", Array("no picture".utf8))
        let model = try await Model.open(Tiny.diffusers("sana"))
        var output = Model.FileOutput(folder("latents"))
        let run = try await model.encode(files: [folder("photos")], to: output, framing: .init(fit: .pad))
        #expect(run.items.map(\.dimensions) == [[1, 8, 2, 3], [1, 8, 2, 3], [1, 8, 2, 3]] && run.doneBefore == 0)
        #expect(run.skipped.count == 1 && run.skipped[0].description.contains("p9.png"))
        let error = await #expect(throws: CheckpointError.self) {
            try await model.encode(files: [folder("photos")], to: output, framing: .init(fit: .pad))
        }
        #expect(error?.description.contains("exists already") == true && error?.description.contains("--") == false)
        output.resume = true
        let again = try await model.encode(files: [folder("photos")], to: output, framing: .init(fit: .pad))
        #expect(again.doneBefore == 3 && again.items.isEmpty && again.skipped.count == 1)
        let back = try await model.decode(files: [folder("latents")], to: .init(folder("back")))
        #expect(back.items.map(\.outputs).joined().count == 3)
        // What was padded is cut off.
        #expect(try Picture(file: folder("back/p1.png")).width == 71)
    }

    /// What cannot be settled is a value with its remedy, in the words of this library.
    @Test func remediesNameLabels() async throws {
        let folder = try TemporaryFolder()
        let variant = try Registry().variant(named: "f64c128-mix-1.0")
        let path = try folder.writeHollow("unnamed.safetensors", variant.config, .original)
        let model = try await Model.open(path)
        let identity = try await model.identify(readsFile: false)
        #expect(identity.verdict == .ambiguous && identity.candidates.count == 2 && identity.scalingFactor == nil)
        let problem = try #require(identity.problem).description
        #expect(problem.contains("variant: \"dc-ae-f64c128-in-1.0\"") && !problem.contains("--"))
        let error = await #expect(throws: CheckpointError.self) { try await model.convert(to: folder("out")) }
        #expect(error?.description == problem && folder.contents("") == ["unnamed.safetensors"])
        let named = try await Model.open(path, hints: .init(variant: "f64c128-mix-1.0"))
        #expect(try await named.identify(readsFile: false).variant?.name == variant.name)
    }

    /// What is no sensible value is refused in a line that names it.
    @Test func valuesAreChecked() async throws {
        let folder = try TemporaryFolder()
        let tiny = Tiny.diffusers("f32")
        func refusal(_ body: () async throws -> Void) async -> String {
            do {
                try await body()
                return "no error"
            } catch let error as any Refusal {
                return error.description.replacing(folder.path, with: "T").replacing(Fixtures.folder, with: "F")
            } catch {
                return "\(error)"
            }
        }
        func opening(_ hints: Model.Hints) async -> String {
            await refusal { _ = try await Model.open(tiny, hints: hints) }
        }
        var found: [String] = []
        found.append(await opening(.init(scalingFactor: -.infinity)))
        found.append(await opening(.init(maxExpandedSize: 0)))
        found.append(await opening(.init(variant: "sana-1.0", config: Tiny.config("f32"))))
        let model = try await Model.open(tiny)
        var target = Model.Target()
        target.maxShardSize = 0
        found.append(await refusal { [target] in try await model.convert(to: folder("out"), target) })
        target.maxShardSize = nil
        target.compressionLevel = 23
        found.append(await refusal { [target] in try await model.convert(to: folder("out"), target) })
        var options = Model.RunOptions()
        options.threads = 0
        found.append(await refusal { [options] in _ = try model.network(options) })
        found.append(await refusal { _ = try await Model.open(folder("none")) })
        #expect(
            found == [
                "scalingFactor: it must be a number above 0",
                "maxExpandedSize: it must be 1 or more bytes",
                "config: both a variant and a configuration were given; leave out variant: or config:",
                "maxShardSize: it must be 1 or more bytes",
                "T/out: it must be a level of zstd from 1 to 22",
                "threads: it must be from 1 to 1024",
                "T/none: there is no such file or folder; check the path",
            ]
        )
        #expect(folder.contents("").isEmpty)
    }

    /// Names on the Hub are found in the cache, and never sent to anybody where the network must not be used.
    @Test func namesOnTheHub() async throws {
        let folder = try TemporaryFolder()
        let hub = HubAccess(cache: folder("cache"), isOffline: true)
        for name in ["sana-1.1", "mit-han-lab/dc-ae-f32c32-in-1.0", "hf://a/b@main/vae"] {
            let opening = await #expect(throws: CheckpointError.self) { try await Model.open(name, hub: hub) }
            let pulling = await #expect(throws: CheckpointError.self) { try await Model.pull(name, hub: hub) }
            #expect(opening?.description == pulling?.description)
            #expect(opening?.description.hasPrefix("hf://") == true)
        }
        let error = await #expect(throws: CheckpointError.self) { try await Model.pull("sana-9", hub: hub) }
        #expect(error?.description.contains("sana-9") == true)
        // A snapshot as Python leaves it.
        let commit = String(repeating: "ab", count: 20)
        let snapshot = "cache/models--me--tiny/snapshots/\(commit)/"
        for name in ["config.json", "diffusion_pytorch_model.safetensors"] {
            try folder.write(snapshot + name, try Fixtures.bytes(Tiny.diffusers("f32") + "/" + name))
        }
        try folder.write("cache/models--me--tiny/refs/main", Array(commit.utf8))
        let path = try await Model.pull("me/tiny", hub: hub)
        #expect(path == folder("cache/models--me--tiny/snapshots/\(commit)"))
        #expect(try await Model.open("me/tiny", hub: hub).path == path)
    }
}
