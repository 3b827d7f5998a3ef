package import CheckpointIO
internal import CheckpointNetwork
internal import DCAENetwork
package import Images
package import Inference
internal import ModelZoo
internal import Models
internal import TensorCore

/// Encodes pictures, as squares cut as the networks' evaluation cuts them, and sums up their latents.
package struct MeasurementRun: Sendable {
    package typealias Observer = PictureRunObserver

    private let model: LoadedModel
    private let entries: [PictureSet.Entry]
    private let empty: PartialResult

    /// Describes a run.
    ///
    /// - Parameters:
    ///   - model: the network.
    ///   - pictures: all pictures of the measurement.
    ///   - shard: which of them this run measures.
    ///   - side: the side of the squares, in pixels.
    ///   - crop: how pictures are made into squares.
    ///   - fingerprint: that of the encoder; nil where no result is saved or merged.
    /// - Throws: where the network takes no squares of that side, or no pictures at all.
    package init(
        _ model: LoadedModel,
        _ pictures: PictureSet,
        shard: Shard,
        side: Int,
        crop: SquareCrop,
        fingerprint: String?
    ) throws(CheckpointError) {
        try model.checkSquares(side)
        self.model = model
        entries = shard.select(pictures.entries)
        empty = PartialResult(
            subject: .init(
                fingerprint: fingerprint ?? "",
                config: model.config,
                side: side,
                crop: crop,
                pictureCount: pictures.entries.count,
                pictureDigest: pictures.digest
            ),
            shard: shard
        )
    }

    /// Measures what is left to measure, as `PictureRun` does.
    ///
    /// - Parameter store: where the state is kept, so that the run can be continued; nil for nowhere.
    /// - Returns: the totals, whose pictures are in the order of their keys.
    /// - Throws: what ends the run: the store keeps what was done before.
    package func run(_ store: PartialStore?, _ observer: Observer) throws -> PartialResult {
        let (side, crop) = (empty.subject.side, empty.subject.crop)
        let run = PictureRun(entries, empty, threads: model.network.options.threads) { entry in
            try Self.load(entry, side: side, crop: crop)
        } measure: { entry, input, result in
            let latent = try model.encode(input.image, from: entry.path)
            let oddCount = result.totals.add(entry.key, digest: input.digest, latent)
            return oddCount == 0 ? nil : "\(oddCount) values of its latent are NaN or infinite"
        }
        return try run.run(store, observer)
    }

    private struct Input: Sendable {
        let image: FloatTensor
        let digest: String
    }

    private static func load(_ entry: PictureSet.Entry, side: Int, crop: SquareCrop) throws -> Input {
        let contents = try PictureContents(file: entry.path)
        let square = try contents.picture.centreSquare(side: side, crop: crop, name: entry.path)
        let image = try FloatTensor(batch: 1, channels: 3, height: side, width: side, values: square.planes())
        return Input(image: image, digest: contents.digest)
    }
}

extension LoadedModel {
    /// Refuses sides that are no multiple of the network's compression.
    package func checkSide(_ side: Int) throws(CheckpointError) {
        let ratio = network.config.spatialCompressionRatio
        guard side % ratio == 0 else {
            throw CheckpointError(.size, CalibrationFault.sizeIsNoMultiple(side: side, of: ratio))
        }
    }

    /// Refuses squares that the network does not take.
    package func checkSquares(_ side: Int) throws(CheckpointError) {
        try checkSide(side)
        let config = network.config
        guard config.inChannels == 3 else {
            let fault = InferenceFault.notRGB(channels: config.inChannels)
            throw CheckpointError(source.checkpoint.path, .file, fault)
        }
    }
}
