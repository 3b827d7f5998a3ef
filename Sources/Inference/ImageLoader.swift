internal import CheckpointIO
package import DCAENetwork
package import Images
internal import ModelZoo

/// Reads pictures and tensors of images for a network.
package struct ImageLoader: Sendable {
    /// What to do with sides that are no multiples of the network's ratio.
    package let fit: Fit
    /// What shows through where a picture is transparent; nil for its colours as they are stored.
    package let background: Colour?
    /// The name of the tensor in a file of several.
    package let tensorName: String?
    /// The side of the square that a picture is made into, as networks are evaluated; nil to leave its size to `fit`.
    package let side: Int?

    package init(fit: Fit, background: Colour?, tensorName: String?, side: Int? = nil) {
        self.side = side
        self.fit = fit
        self.background = background
        self.tensorName = tensorName
    }

    /// An image as the network takes it.
    package struct Image: Sendable {
        /// [N, channels, H, W].
        package let tensor: FloatTensor
        /// The picture that was read, made to fit; nil where a tensor was read.
        package let picture: FittedPicture?
        /// The size of the picture as it was read.
        package let size: PixelSize?
        /// What is odd about it.
        package let note: String?
    }

    /// Reads a picture or a tensor.
    package func load(_ path: String, for network: AutoencoderDC) throws -> Image {
        let channels = network.config.inChannels
        let file = try InputFile(opening: path)
        if let kind = try TensorFile.kind(of: file) {
            let tensor = try TensorFile.read(file, kind, name: tensorName, for: .image(channels: channels)).tensor
            let range = TensorStatistics(tensor)
            let note =
                range.minimum < -1.001 || range.maximum > 1.001
                ? "its values range from \(range.minimum) to \(range.maximum), but the network expects -1 to 1" : nil
            return Image(tensor: tensor, picture: nil, size: nil, note: note)
        }
        let picture = try Picture(file, background: background)
        return try image(of: picture, named: path, for: network)
    }

    /// Makes a picture that was read before into an image as the network takes it.
    ///
    /// - Parameter path: what messages call it.
    package func image(of picture: Picture, named path: String, for network: AutoencoderDC) throws -> Image {
        let channels = network.config.inChannels
        guard channels == 3 else { throw CheckpointError(path, .file, InferenceFault.notRGB(channels: channels)) }
        let shown = try side.map { side throws(ImageRefusal) in
            try picture.centreSquare(side: side, crop: fit.squareCrop, name: path)
        }
        let fitted = try (shown ?? picture).fitted(toMultipleOf: network.spatialCompressionRatio, by: fit, name: path)
        return Image(
            tensor: try FloatTensor(
                batch: 1,
                channels: 3,
                height: fitted.picture.height,
                width: fitted.picture.width,
                values: fitted.picture.planes()
            ),
            picture: fitted,
            size: picture.size,
            note: picture.hasLostTransparency
                ? "it has transparency, which is ignored; name a background colour to use it" : nil
        )
    }
}

extension ImageLoader.Image {
    /// What is compared with a reconstruction of one image: the picture without padding, where it is in what the network saw,
    /// and the size of that.
    func shown(_ tensor: FloatTensor) -> (original: Picture, area: PixelArea, seen: PixelSize) {
        let seen = picture?.picture ?? tensor.picture()
        let area = picture?.content ?? PixelArea(x: 0, y: 0, width: seen.width, height: seen.height)
        return (seen.cropped(to: area), area, seen.size)
    }
}

extension FloatTensor {
    /// One image of the batch.
    package func image(_ index: Int) throws -> FloatTensor {
        let part = values[(index * imageCount)..<((index + 1) * imageCount)]
        return try FloatTensor(batch: 1, channels: channels, height: height, width: width, values: Array(part))
    }

    /// The middle of images whose sides are longer, which they are by whole units of compression.
    package func middle(longestSide: Int) throws -> FloatTensor {
        let (height, width) = (min(self.height, longestSide), min(self.width, longestSide))
        guard height < self.height || width < self.width else { return self }
        let (top, left) = ((self.height - height) / 2, (self.width - width) / 2)
        var part: [Float] = []
        part.reserveCapacity(batch * channels * height * width)
        for plane in 0..<(batch * channels) {
            for row in top..<(top + height) {
                let start = (plane * self.height + row) * self.width + left
                part += values[start..<(start + width)]
            }
        }
        return try FloatTensor(batch: batch, channels: channels, height: height, width: width, values: part)
    }

    /// One sample of the batch as a picture: three channels in colour; of any other number, as sound has, each in grey and one
    /// below the other, as many as a picture may hold.
    package func picture(_ index: Int = 0) -> Picture {
        let part = Array(values[(index * imageCount)..<((index + 1) * imageCount)])
        guard channels != 3 else { return Picture(planes: part, width: width, height: height) }
        let shown = (1...max(1, channels)).last { Picture.isAllowed(width, height * $0) } ?? 1
        let plane = Array(part.prefix(shown * height * width))
        return Picture(planes: plane + plane + plane, width: width, height: height * shown)
    }

    /// All images of batches whose images have one size, one after the other.
    static func joined(_ batches: [FloatTensor], path: String) throws -> FloatTensor {
        guard let first = batches.first, batches.count > 1 else { return batches[0] }
        for other in batches where other.dimensions.dropFirst() != first.dimensions.dropFirst() {
            throw CheckpointError(path, .file, InferenceFault.differentSizes(first.dimensions, other.dimensions))
        }
        return try FloatTensor(
            batch: batches.reduce(0) { $0 + $1.batch },
            channels: first.channels,
            height: first.height,
            width: first.width,
            values: Array(batches.map(\.values).joined())
        )
    }
}
