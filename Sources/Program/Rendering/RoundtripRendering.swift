internal import CheckpointIO
internal import DCAE
internal import DCAENetwork
internal import Evaluation
internal import Images
internal import Inference
internal import ModelZoo
internal import Models
internal import StrictJSON
internal import TensorCore

/// Shows what roundtrips of pictures gave.
struct RoundtripRendering {
    let model: LoadedModel
    let reference: LoadedModel?
    let set: RoundtripSet
    /// Whether stages are shown of several pictures too.
    let showsStages: Bool

    private var roundtrips: [PictureRoundtrip] { self.set.all }

    /// What the checkpoints are called: by their variants, or by their files where these are the same.
    var names: (model: String, reference: String?) {
        guard let reference, reference.source.name == model.source.name else {
            return (model.source.name, reference?.source.name)
        }
        return (model.source.checkpoint.path, reference.source.checkpoint.path)
    }

    func print() {
        var table = Table(
            ["PICTURE", "SIZE", "PSNR", "SSIM", "LATENT", "MEAN", "RMS", "ENCODE", "DECODE", "BUFFERS"],
            right: [2, 3, 5, 6, 7, 8, 9],
            shortened: 0,
            optional: [9, 5, 4, 6],
            columns: Terminal.textWidth
        )
        for roundtrip in roundtrips {
            table.add(row(roundtrip.name, roundtrip, roundtrip.main))
            if let comparison = roundtrip.comparison { table.add(row("  reference", roundtrip, comparison.reference)) }
        }
        table.print()
        // The columns may have no room.
        if roundtrips.count == 1, let side = roundtrips.first?.main {
            Terminal.print(
                "latent \(side.latent.channels)x\(side.latent.height)x\(side.latent.width), mean "
                    + "\(side.statistics.mean.fixed(4)), rms \(side.statistics.rms.fixed(4))"
            )
        }
        compare()
        if showsStages {
            Terminal.print()
            stages()
        }
        summarize()
        Terminal.print()
        Terminal.print(
            "opened in \(model.seconds.fixed(2)) s; peak memory \(ByteSize.show(ProcessMemory.peakBytes)), mapped weights included"
        )
        let normalized = roundtrips.compactMap(\.main.normalized)
        if let normalization = try? model.source.normalization, !normalized.isEmpty {
            let rms = (normalized.reduce(0) { $0 + $1.rms * $1.rms } / Double(normalized.count)).squareRoot()
            let how =
                normalization.isMoreThanFactor
                ? "scaled = \(normalization.formula())" : "scaling factor \(normalization.factor ?? 1)"
            Terminal.print("\(how): RMS of the scaled latents \(rms.fixed(4))")
        }
    }

    private func summarize() {
        let summaries = set.summaries
        guard !summaries.isEmpty else { return }
        Terminal.print()
        for summary in summaries {
            let digits = summary.digits
            let spread = summary.estimate.spread(digits: digits)
            Terminal.print(
                "\(summary.name) of \(summary.estimate.count) pictures: mean \(summary.estimate.mean.fixed(digits))\(spread), "
                    + "median \(summary.median.fixed(digits)), "
                    + "worst \(summary.worst.value.fixed(digits)) (\(summary.worst.name.escaped(limit: 300)))"
            )
        }
        if set.keepsPixels, roundtrips.count > RoundtripSet.shownCount {
            Terminal.print("the \(RoundtripSet.shownCount) pictures with the lowest PSNR are shown, the worst first")
        }
    }

    private func row(_ name: String, _ roundtrip: PictureRoundtrip, _ side: PictureRoundtrip.Side) -> [String] {
        let size = roundtrip.originalSize
        let seen = size == roundtrip.networkSize ? "\(size)" : "\(size) in \(roundtrip.networkSize)"
        let quality = side.quality
        return [
            name.escaped(limit: 60), seen, quality.psnr.isFinite ? quality.psnr.fixed(2) + " dB" : "identical",
            quality.ssim?.fixed(4) ?? "-", "\(side.latent.channels)x\(side.latent.height)x\(side.latent.width)",
            side.statistics.mean.fixed(4), side.statistics.rms.fixed(4), side.encode.seconds.fixed(2) + " s",
            side.decode.seconds.fixed(2) + " s", ByteSize.show(max(side.encode.bufferBytes, side.decode.bufferBytes)),
        ]
    }

    private func compare() {
        guard let other = names.reference else { return }
        Terminal.print()
        Terminal.print("against \(other):")
        for roundtrip in roundtrips {
            guard let comparison = roundtrip.comparison else { continue }
            Terminal.print(
                "  \(roundtrip.name.escaped(limit: 60)): latent \(words(comparison.latent)); sample "
                    + "\(words(comparison.sample)); pictures \(comparison.quality.words)"
            )
        }
    }

    private func words(_ difference: TensorDifference?) -> String {
        guard let difference else { return "of another shape" }
        if difference.isNone { return "identical" }
        return "max \(difference.largest.brief) (\(difference.relativeLargest.brief) of the largest), "
            + "relative RMS \(difference.relativeRMS.brief)"
    }

    private func stages() {
        let costs = roundtrips.flatMap { $0.main.encode.layers } + roundtrips.flatMap { $0.main.decode.layers }
        let stages = StageCost.stages(of: costs)
        let total = stages.reduce(0) { $0 + $1.seconds }
        var table = Table(["STAGE", "SECONDS", "SHARE", "GFLOPS", "OUTPUT", "MEMORY"], right: [1, 2, 3, 4, 5])
        for stage in stages {
            table.add([
                stage.name, stage.seconds.fixed(3), (100 * stage.seconds / max(total, 1e-9)).fixed(1) + "%",
                (stage.operations / max(stage.seconds, 1e-9) / 1e9).fixed(0),
                stage.outputSize.map(String.init).joined(separator: "x"), ByteSize.show(stage.outputBytes),
            ])
        }
        table.print()
    }

    func document(outputs: [String]) -> JSONValue {
        [
            "variant": JSONValue(model.source.variant?.name),
            "reference": reference.map { reference in
                [
                    "path": .string(reference.source.checkpoint.path),
                    "variant": JSONValue(reference.source.variant?.name),
                ]
            } ?? .null,
            "scaling_factor": JSONValue(model.config.scalingFactor),
            "formula": JSONValue((try? model.source.normalization)?.formula()),
            "open_seconds": .double(model.seconds),
            "peak_rss_bytes": .integer(ProcessMemory.peakBytes),
            "outputs": JSONValue(outputs),
            "pictures": .array(roundtrips.map(document)),
            "summary": set.document,
            "errors": .array(set.skipped.map(\.details.document)),
        ]
    }

    private func document(_ roundtrip: PictureRoundtrip) -> JSONValue {
        let size = roundtrip.originalSize
        var members: [JSONValue.Member] = [
            .init("input", .string(roundtrip.name)), .init("size", JSONValue(width: size.width, height: size.height)),
            .init(
                "network_size",
                JSONValue(width: roundtrip.networkSize.width, height: roundtrip.networkSize.height)
            ),
        ]
        members += document(roundtrip.main, model).members ?? []
        if let comparison = roundtrip.comparison, let reference {
            members.append(.init("by_reference", document(comparison.reference, reference)))
            members.append(.init("latent_difference", document(comparison.latent)))
            members.append(.init("sample_difference", document(comparison.sample)))
            members.append(.init("picture_difference", document(comparison.quality)))
        }
        return .object(members)
    }

    private func document(_ side: PictureRoundtrip.Side, _ model: LoadedModel) -> JSONValue {
        [
            "quality": document(side.quality),
            "latent": [
                "shape": JSONValue(side.latent.dimensions), "mean": .double(side.statistics.mean),
                "rms": .double(side.statistics.rms),
                "scaled_mean": JSONValue(side.normalized?.mean), "scaled_rms": JSONValue(side.normalized?.rms),
            ],
            "encode": document(side.encode),
            "decode": document(side.decode),
        ]
    }

    private func document(_ quality: PictureQuality) -> JSONValue {
        [
            // Of identical pictures there is none: null.
            "psnr": .double(quality.psnr), "ssim": JSONValue(quality.ssim),
            "mean_difference": .double(quality.meanDifference),
            "largest_difference": .integer(quality.largestDifference),
        ]
    }

    private func document(_ difference: TensorDifference?) -> JSONValue {
        guard let difference else { return .null }
        return [
            "largest": .double(difference.largest), "relative_largest": .double(difference.relativeLargest),
            "relative_rms": .double(difference.relativeRMS),
        ]
    }

    private func document(_ cost: CoderCost) -> JSONValue {
        [
            "seconds": .double(cost.seconds), "buffer_bytes": .integer(cost.bufferBytes),
            "stages": .array(
                cost.stages.map { stage in
                    [
                        "name": .string(stage.name), "seconds": .double(stage.seconds),
                        "operations": .double(stage.operations), "output_shape": JSONValue(stage.outputSize),
                        "output_bytes": .integer(stage.outputBytes),
                    ]
                }
            ),
        ]
    }
}
