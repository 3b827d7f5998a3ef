package import CheckpointIO
internal import DCAE
internal import DCAENetwork
internal import Images
package import Inference
internal import ModelZoo
internal import Models
internal import TensorCore

/// Encodes pictures, as squares cut as the networks' evaluation cuts them, and sums up their latents.
package struct MeasurementRun: Sendable {
    /// What is told while a run goes on.
    package struct Observer {
        /// The pictures that are done, of how many.
        package var progress: (Int, Int) -> Void = { _, _ in }
        /// A picture that could not be measured.
        package var unreadable: (LatentTotals.Unreadable) -> Void = { _ in }
        /// An earlier run is continued: the pictures that it had done.
        package var resumed: (Int) -> Void = { _ in }

        package init() {}
    }

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
    ///   - fingerprint: that of the encoder; nil where no result is saved or merged.
    /// - Throws: where the network takes no squares of that side, or no pictures at all.
    package init(
        _ model: LoadedModel,
        _ pictures: PictureSet,
        shard: Shard,
        side: Int,
        fingerprint: String?
    ) throws(CheckpointError) {
        let config = model.network.config
        guard side % config.spatialCompressionRatio == 0 else {
            let fault = CalibrationFault.sizeIsNoMultiple(side: side, of: config.spatialCompressionRatio)
            throw CheckpointError(.size, fault)
        }
        guard config.inChannels == 3 else {
            let fault = InferenceFault.notRGB(channels: config.inChannels)
            throw CheckpointError(model.source.checkpoint.path, .file, fault)
        }
        self.model = model
        entries = shard.select(pictures.entries)
        empty = PartialResult(
            subject: .init(
                fingerprint: fingerprint ?? "",
                config: model.config,
                side: side,
                pictureCount: pictures.entries.count,
                pictureDigest: pictures.digest
            ),
            shard: shard
        )
    }

    /// Measures what is left to measure.
    ///
    /// A picture that cannot be read, or whose latent is not finite, is set down with the reason, and the run goes on. When
    /// the run is continued or repeated it is tried again: its folder may have been out of reach.
    ///
    /// - Parameter store: where the state is kept, so that the run can be continued; nil for nowhere.
    /// - Returns: the totals, whose pictures are in the order of their keys.
    /// - Throws: what ends the run: the store keeps what was done before.
    package func run(_ store: PartialStore?, _ observer: Observer) throws -> PartialResult {
        var result = try store?.begin(empty, observer.resumed) ?? empty
        let left = remaining(result)
        let side = empty.subject.side
        let reader = ReadAhead(
            count: left.count,
            threads: ReadAhead<Never>.threads(beside: model.network.options.threads)
        ) { Self.load(left[$0], side: side) }
        defer { reader.cancel() }
        var saved = ContinuousClock.now
        for entry in left {
            guard let image = reader.next() else { break }
            do {
                try measure(entry, image, into: &result, observer)
            } catch {
                try? store?.save(result)
                throw error
            }
            observer.progress(result.doneCount, entries.count)
            if let store, ContinuousClock.now - saved >= store.interval, !result.isComplete {
                try store.save(result)
                saved = .now
            }
        }
        result.totals.sort()
        try store?.save(result)
        return result
    }

    private func remaining(_ result: PartialResult) -> [PictureSet.Entry] {
        guard result.doneCount > 0 else { return entries }
        let done = Set((result.totals.pictures.map(\.key) + result.totals.unreadable.map(\.key)).map { UTF8Name($0) })
        return entries.filter { !done.contains(UTF8Name($0.key)) }
    }

    private static func load(_ entry: PictureSet.Entry, side: Int) -> Result<FloatTensor, any Error> {
        Result {
            let square = try Picture(file: entry.path).centreSquare(side: side, name: entry.path)
            return try FloatTensor(batch: 1, channels: 3, height: side, width: side, values: square.planes())
        }
    }

    private func measure(
        _ entry: PictureSet.Entry,
        _ image: Result<FloatTensor, any Error>,
        into result: inout PartialResult,
        _ observer: Observer
    ) throws {
        let reason: String
        do {
            let latent = try model.encode(try image.get(), from: entry.path)
            let oddCount = result.totals.add(entry.key, latent)
            if oddCount == 0 { return }
            reason = "\(oddCount) values of its latent are NaN or infinite"
        } catch let error as ImageRefusal {
            reason = error.reason
        }
        let unreadable = LatentTotals.Unreadable(key: entry.key, reason: reason)
        result.totals.unreadable.append(unreadable)
        observer.unreadable(unreadable)
    }
}
