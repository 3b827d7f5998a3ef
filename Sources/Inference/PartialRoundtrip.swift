internal import DCAENetwork
internal import Files
package import Images
internal import Kernels
internal import TensorCore

/// A picture encoded once and decoded from the first channels of its latent, for several numbers of channels.
///
/// The first channels of a whole latent are those that encoding them alone gives, to the bit: the last convolution computes
/// each by itself, and no shortcut takes others in.
package struct PartialRoundtrip: Sendable {
    /// What came back from so many channels.
    package struct Part: Sendable {
        /// How many channels, the first.
        package let channels: Int
        /// The decoded picture, as large as what was compared.
        package let picture: Picture
        /// How near it is.
        package let quality: PictureQuality
        /// What decoding cost.
        package let decode: CoderCost
        /// Operations of the encoder, of which its last convolution computes so many channels alone.
        package let encodeOperations: Double
    }

    /// What messages call the picture: its file, and its number in a batch.
    package let name: String
    /// The picture that was encoded, without padding.
    package let original: Picture
    /// The size at which the network saw it.
    package let networkSize: PixelSize
    /// The sizes of the latent: all channels that were encoded, height, width.
    package let latentSize: [Int]
    /// What encoding cost, with the most channels.
    package let encode: CoderCost
    /// In the order of the numbers that were asked for.
    package let parts: [Part]

    /// Runs one picture, or every image of a tensor file.
    ///
    /// - Parameters:
    ///   - path: the picture or tensor file.
    ///   - model: what runs it.
    ///   - counts: the numbers of channels, at least one.
    ///   - loader: how pictures are read.
    ///   - progress: called with the number of encodings and decodings that are done, and of all.
    /// - Returns: a roundtrip for each image.
    /// - Throws: where the file cannot be read, or the network cannot run it or has no partial latents.
    package static func run(
        _ path: String,
        _ model: LoadedModel,
        counts: [Int],
        loader: ImageLoader,
        progress: (Int, Int) -> Void
    ) throws -> [PartialRoundtrip] {
        for count in counts { try model.check(latentChannels: count) }
        let image = try loader.load(path, for: model.network)
        let total = image.tensor.batch * (counts.count + 1)
        var done = 0
        func step() {
            done += 1
            progress(done, total)
        }
        return try (0..<image.tensor.batch).map { index in
            let tensor = try image.tensor.image(index)
            let (original, area, seen) = image.shown(tensor)
            let most = counts.max() ?? 1
            let (latent, encode) = try model.measuredEncode(tensor, path, latentChannels: most)
            step()
            let parts = try counts.map { count in
                let (sample, decode) = try model.measuredDecode(try latent.first(count), path)
                step()
                let picture = sample.picture().cropped(to: area)
                return Part(
                    channels: count,
                    picture: picture,
                    quality: PictureQuality(of: picture, comparedTo: original),
                    decode: decode,
                    encodeOperations: encode.operations(ofFirst: count, of: most)
                )
            }
            return PartialRoundtrip(
                name: image.tensor.batch == 1 ? path : "\(path)[\(index)]",
                original: original,
                networkSize: seen,
                latentSize: [latent.channels, latent.height, latent.width],
                encode: encode,
                parts: parts
            )
        }
    }

    /// Draws each picture beside what came back from its channels, a row for each.
    package static func sheet(_ roundtrips: [PartialRoundtrip], model: String, of channels: Int) -> ComparisonSheet {
        let counts = roundtrips.first?.parts.map { "\($0.channels)" } ?? []
        var sheet = ComparisonSheet(
            heading: model,
            subheading: "the first \(counts.joined(separator: ", ")) of \(channels) latent channels"
        )
        for roundtrip in roundtrips {
            let input = ComparisonSheet.Panel(
                roundtrip.original,
                title: "Input",
                detail: "\(Path.name(of: roundtrip.name))  ·  \(roundtrip.original.size)"
            )
            sheet.add(
                [input]
                    + roundtrip.parts.map { part in
                        .init(part.picture, title: "\(part.channels) channels", detail: part.quality.words)
                    }
            )
        }
        return sheet
    }
}

extension FloatTensor {
    /// The first channels of one image's latent.
    fileprivate func first(_ count: Int) throws -> FloatTensor {
        try FloatTensor(
            batch: 1,
            channels: count,
            height: height,
            width: width,
            values: Array(values.prefix(count * height * width))
        )
    }
}

extension CoderCost {
    /// The operations where the last convolution computes some of its channels alone.
    fileprivate func operations(ofFirst count: Int, of all: Int) -> Double {
        layers.reduce(0) { sum, layer in
            sum + layer.operations * (layer.name == "encoder.conv_out" ? Double(count) / Double(all) : 1)
        }
    }
}
