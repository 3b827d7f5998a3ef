internal import DCAE
internal import DCAENetwork
internal import Images
internal import Inference
internal import Models
internal import StrictJSON
internal import TensorCore

/// Shows what came back from the first channels of latents.
struct PartialRendering {
    let model: LoadedModel
    let roundtrips: [PartialRoundtrip]

    func print() {
        let all = model.network.config.latentChannels
        var table = Table(
            ["PICTURE", "SIZE", "CHANNELS", "FEWER", "PSNR", "SSIM", "ENCODE", "DECODE", "SECONDS"],
            right: [2, 3, 4, 5, 6, 7, 8],
            shortened: 0,
            optional: [6, 7],
            columns: Terminal.textWidth
        )
        for roundtrip in roundtrips {
            for (index, part) in roundtrip.parts.enumerated() {
                let quality = part.quality
                table.add([
                    index == 0 ? roundtrip.name.escaped(limit: 60) : "", index == 0 ? "\(roundtrip.original.size)" : "",
                    "\(part.channels) of \(all)", "\(compression(roundtrip, part).fixed(1))x",
                    quality.psnr.isFinite ? quality.psnr.fixed(2) + " dB" : "identical",
                    quality.ssim?.fixed(4) ?? "-", Self.operations(part.encodeOperations),
                    Self.operations(part.decode.operations), part.decode.seconds.fixed(2) + " s",
                ])
            }
        }
        let shown = table.printed()
        Terminal.print()
        let counts = ["ENCODE", "DECODE"].filter(shown.contains)
        let legend =
            ["FEWER: values than the picture"]
            + (counts.isEmpty ? [] : ["\(counts.joined(separator: ", ")): operations"]) + ["SECONDS: decoding"]
        Terminal.print(legend.joined(separator: "; "))
    }

    /// How many times more values the picture has than the channels of its latent.
    private func compression(_ roundtrip: PartialRoundtrip, _ part: PartialRoundtrip.Part) -> Double {
        let pixels = Double(
            roundtrip.networkSize.width * roundtrip.networkSize.height * model.network.config.inChannels
        )
        return pixels / Double(part.channels * roundtrip.latentSize[1] * roundtrip.latentSize[2])
    }

    private static func operations(_ count: Double) -> String { (count / 1e9).fixed(2) + " GFLOP" }

    func document(outputs: [String]) -> JSONValue {
        [
            "variant": JSONValue(model.source.variant?.name),
            "latent_channels": .integer(model.network.config.latentChannels), "outputs": JSONValue(outputs),
            "pictures": .array(
                roundtrips.map { roundtrip in
                    [
                        "input": .string(roundtrip.name),
                        "size": JSONValue(
                            width: roundtrip.original.size.width,
                            height: roundtrip.original.size.height
                        ),
                        "latent_shape": JSONValue(roundtrip.latentSize),
                        "encode_seconds": .double(roundtrip.encode.seconds),
                        "parts": .array(roundtrip.parts.map { document($0, compression(roundtrip, $0)) }),
                    ]
                }
            ),
        ]
    }

    private func document(_ part: PartialRoundtrip.Part, _ compression: Double) -> JSONValue {
        [
            "latent_channels": .integer(part.channels), "psnr": .double(part.quality.psnr),
            "ssim": JSONValue(part.quality.ssim), "compression": .double(compression),
            "encode_operations": .double(part.encodeOperations),
            "decode_operations": .double(part.decode.operations), "decode_seconds": .double(part.decode.seconds),
        ]
    }
}
