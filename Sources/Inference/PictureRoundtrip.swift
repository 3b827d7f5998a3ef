package import DCAENetwork
internal import Files
package import Images
internal import ModelZoo
internal import Models
internal import TensorCore

/// A picture encoded and decoded again, and how near it came back; by one checkpoint or by two.
package struct PictureRoundtrip: Sendable {
    /// What one checkpoint made of a picture.
    package struct Side: Sendable {
        /// Its latent, not scaled, as it was decoded.
        package let latent: FloatTensor
        /// What is known of the latent.
        package let statistics: TensorStatistics
        /// What is known of it as a diffusion model sees it; nil where it is not known how that is.
        package let normalized: TensorStatistics?
        /// The decoded latent.
        package fileprivate(set) var sample: FloatTensor
        /// The sample as a picture, as large as what was compared.
        package fileprivate(set) var picture: Picture
        /// How near it is.
        package let quality: PictureQuality
        /// What encoding cost.
        package let encode: CoderCost
        /// What decoding cost.
        package let decode: CoderCost
    }

    /// How two checkpoints differ.
    package struct Comparison: Sendable {
        /// What the other checkpoint made of the picture.
        package fileprivate(set) var reference: Side
        /// How far the latent is from the reference's; nil where their shapes differ.
        package let latent: TensorDifference?
        /// How far the sample is.
        package let sample: TensorDifference?
        /// How near the two pictures are.
        package let quality: PictureQuality
    }

    /// What messages call the picture: its file, and its number in a batch.
    package let name: String
    /// The picture that was encoded, without padding.
    package private(set) var original: Picture
    /// The size of that picture.
    package let originalSize: PixelSize
    /// The size at which the network saw it.
    package let networkSize: PixelSize
    /// What the checkpoint made of it.
    package private(set) var main: Side
    /// What another made of it.
    package private(set) var comparison: Comparison?

    /// The same without pixels, for a folder of which there is no room for all pictures: the figures stay.
    package var withoutPixels: PictureRoundtrip {
        var copy = self
        copy.original = Picture(width: 1, height: 1, filledWith: .white)
        copy.main.dropPixels()
        copy.comparison?.reference.dropPixels()
        return copy
    }

    /// Runs one picture, or every image of a tensor file.
    ///
    /// - Parameters:
    ///   - path: the picture or tensor file.
    ///   - model: what runs it.
    ///   - reference: what else runs it, to be compared with.
    ///   - loader: how pictures are read.
    ///   - scaled: whether latents are decoded after they were normalised and brought back.
    ///   - progress: called with the number of encodings and decodings that are done, and of all.
    /// - Returns: a roundtrip for each image.
    /// - Throws: where the file cannot be read or a network cannot run it.
    package static func run(
        _ path: String,
        _ model: LoadedModel,
        reference: LoadedModel?,
        loader: ImageLoader,
        scaled: Bool = false,
        progress: (Int, Int) -> Void
    ) throws -> [PictureRoundtrip] {
        let image = try loader.load(path, for: model.network)
        var done = 0
        let total = image.tensor.batch * (reference == nil ? 2 : 4)
        func step() {
            done += 1
            progress(done, total)
        }
        return try (0..<image.tensor.batch).map { index in
            let tensor = try image.tensor.image(index)
            let (original, area, seen) = image.shown(tensor)
            func side(_ model: LoadedModel) throws -> Side {
                var (latent, encode) = try model.measuredEncode(tensor, path)
                step()
                let normalization = scaled ? try model.source.normalization : try? model.source.normalization
                let normalized = normalization.map { latent.normalized(by: $0) }
                if scaled, let normalization, var back = normalized {
                    back.denormalize(by: normalization)
                    latent = back
                }
                let (sample, decode) = try model.measuredDecode(latent, path)
                step()
                let picture = sample.picture().cropped(to: area)
                return Side(
                    latent: latent,
                    statistics: TensorStatistics(latent),
                    normalized: normalized.map { TensorStatistics($0) },
                    sample: sample,
                    picture: picture,
                    quality: PictureQuality(of: picture, comparedTo: original),
                    encode: encode,
                    decode: decode
                )
            }
            let main = try side(model)
            let other = try reference.map(side)
            return PictureRoundtrip(
                name: image.tensor.batch == 1 ? path : "\(path)[\(index)]",
                original: original,
                originalSize: original.size,
                networkSize: seen,
                main: main,
                comparison: other.map { other in
                    Comparison(
                        reference: other,
                        latent: TensorDifference(of: main.latent, from: other.latent),
                        sample: TensorDifference(of: main.sample, from: other.sample),
                        quality: PictureQuality(of: main.picture, comparedTo: other.picture)
                    )
                }
            )
        }
    }

    /// Draws inputs, reconstructions and differences, a row for each picture and another for a reference.
    package static func sheet(_ roundtrips: [PictureRoundtrip], model: String, reference: String?) -> ComparisonSheet {
        var sheet = ComparisonSheet(heading: model, subheading: subheading(roundtrips, reference))
        for roundtrip in roundtrips {
            let name = Path.name(of: roundtrip.name)
            sheet.addRoundtrip(of: roundtrip.original, to: roundtrip.main.picture, name: name)
            guard let comparison = roundtrip.comparison, let reference else { continue }
            let quality = comparison.reference.quality
            let difference = ComparisonSheet.difference(of: roundtrip.main.picture, and: comparison.reference.picture)
            sheet.add([
                .init(roundtrip.main.picture, title: "Reconstruction", detail: model),
                .init(comparison.reference.picture, title: "Reference", detail: "\(reference)  ·  \(quality.words)"),
                .init(difference.picture, title: difference.title, detail: difference.detail),
            ])
        }
        return sheet
    }

    private static func subheading(_ roundtrips: [PictureRoundtrip], _ reference: String?) -> String {
        guard let first = roundtrips.first else { return "" }
        let latent = first.main.latent
        var text = "latent \(latent.channels)x\(latent.height)x\(latent.width)"
        if roundtrips.count == 1 {
            text +=
                "  ·  encode \(first.main.encode.seconds.fixed(2)) s  ·  decode \(first.main.decode.seconds.fixed(2)) s"
        } else {
            let mean = roundtrips.reduce(0) { $0 + $1.main.quality.psnr } / Double(roundtrips.count)
            text = "\(roundtrips.count) pictures" + (mean.isFinite ? "  ·  mean PSNR \(mean.fixed(2)) dB" : "")
        }
        return reference.map { text + "  ·  compared with \($0)" } ?? text
    }
}

extension PictureQuality {
    /// `PSNR 29.31 dB, SSIM 0.8911`, or `identical`.
    package var words: String {
        guard psnr.isFinite else { return "identical" }
        return "PSNR \(psnr.fixed(2)) dB" + (ssim.map { ", SSIM \($0.fixed(4))" } ?? "")
    }
}

extension PictureRoundtrip.Side {
    fileprivate mutating func dropPixels() {
        picture = Picture(width: 1, height: 1, filledWith: .white)
        if let small = try? FloatTensor(batch: 1, channels: 1, height: 1, width: 1, values: [0]) { sample = small }
    }
}
