package import DCAENetwork
package import Inference
package import Kernels
internal import LinearAlgebra
package import ReferenceNetwork

/// The fast engine held against the reference on one image, with one checkpoint, on this machine.
package struct NumericsReport: Sendable {
    /// One layer's output in both.
    package struct Layer: Sendable {
        /// The path of its module in diffusers.
        package let name: String
        /// The size of what it puts out: height, width, channels.
        package let size: [Int]
        package let distance: ValueDistance
    }

    /// The encoder or the decoder.
    package struct Coder: Sendable {
        package let direction: AutoencoderDC.Direction
        /// In the order of computation, each with all that came before it in its own arithmetic.
        package let layers: [Layer]
        /// Of the latent, or the sample.
        package let result: ValueDistance
        /// What both were given, and what each made of it.
        package let input: FloatTensor
        package let fast: FloatTensor
        package let reference: DoubleTensor
        package let fastSeconds: Double
        package let referenceSeconds: Double
    }

    package let encoder: Coder
    package let decoder: Coder
    /// What multiplied in the reference.
    package let library: String
    /// What the errors may come to.
    package let bound: Bound

    /// The most that a result may be off.
    package struct Bound: Sendable, Equatable {
        package let relativeRMS: Double
        package let relativeLargest: Double

        /// What single precision comes to in any order of summation, with room for deep networks; and what bf16 products do.
        package static func of(_ precision: Precision) -> Bound {
            switch precision {
            case .f32: Bound(relativeRMS: 2e-5, relativeLargest: 1e-4)
            case .bf16: Bound(relativeRMS: 2.5e-2, relativeLargest: 0.25)
            }
        }

        func holds(_ distance: ValueDistance) -> Bool {
            distance.relativeRMS <= relativeRMS && distance.relativeLargest <= relativeLargest
        }
    }

    /// Whether latent and sample are as near as the precision lets them be.
    package var passed: Bool { bound.holds(encoder.result) && bound.holds(decoder.result) }

    /// Values that are no numbers, which no bound is about.
    package struct OddValues: Sendable, Equatable {
        /// The first layer whose output has any.
        package let layer: String
        /// How many the latent or the sample has.
        package let count: Int
        /// Whether the reference has them too, so that they come of the weights or the picture and not of the arithmetic.
        package let isInBoth: Bool
    }

    /// What is NaN or infinite in the latent or the sample, the first of both; nil where nothing is.
    package var oddValues: OddValues? {
        for coder in [encoder, decoder] {
            let result = coder.result
            guard result.oddCount > 0 || result.expectedOddCount > 0 else { continue }
            let first = coder.layers.first { $0.distance.oddCount > 0 || $0.distance.expectedOddCount > 0 }
            return OddValues(
                layer: first?.name ?? coder.layers.last?.name ?? "",
                count: max(result.oddCount, result.expectedOddCount),
                // Further on an engine may lose them: the larger of 0 and NaN is either.
                isInBoth: first.map { $0.distance.oddCount > 0 && $0.distance.expectedOddCount > 0 } ?? false
            )
        }
        return nil
    }

    /// Runs an image through both engines: encoded, and what the fast one made of it decoded.
    ///
    /// - Parameters:
    ///   - place: the file that the image is from.
    ///   - progress: told of the part that is done.
    package static func run(
        _ model: LoadedModel,
        _ image: FloatTensor,
        from place: String,
        progress: @escaping (Double) -> Void
    ) throws -> NumericsReport {
        let reference = try ReferenceNetwork(model.network)
        let encoder = try coder(.encode, image, model, reference, place) { progress($0 / 2) }
        let decoder = try coder(.decode, encoder.fast, model, reference, place) { progress(0.5 + $0 / 2) }
        return NumericsReport(
            encoder: encoder,
            decoder: decoder,
            library: "\(reference.algebra.configuration), kernels of \(reference.algebra.core)",
            bound: .of(model.network.options.precision)
        )
    }

    private static func coder(
        _ direction: AutoencoderDC.Direction,
        _ input: FloatTensor,
        _ model: LoadedModel,
        _ reference: ReferenceNetwork,
        _ place: String,
        progress: @escaping (Double) -> Void
    ) throws -> Coder {
        let store = LayerStore()
        let clock = ContinuousClock()
        let start = clock.now
        let fast = try model.run(place) { network throws(NetworkError) in
            try network.observed(direction, input) { name, image, rows throws(KernelError) in
                try store.take(name, image, rows)
            }
        }
        let middle = clock.now
        var layers: [Layer] = []
        let outcome = try model.run(place) { _ throws(NetworkError) in
            try reference.run(direction, input, progress: progress) { name, planes in
                guard let distance = store[name]?.distance(from: planes) else { return }
                layers.append(
                    Layer(name: name, size: [planes.height, planes.width, planes.channels], distance: distance)
                )
            }
        }
        var result = ValueDistance()
        for (found, expected) in zip(fast.values, outcome.tensor.values) { result.add(Double(found), expected) }
        return Coder(
            direction: direction,
            layers: layers,
            result: result,
            input: input,
            fast: fast,
            reference: outcome.tensor,
            fastSeconds: middle.seconds(since: start),
            referenceSeconds: clock.now.seconds(since: middle)
        )
    }
}

extension NumericsReport.Coder {
    /// A block, a step or an end: its last layer, and the layer in it that is farthest off.
    package struct Block: Sendable {
        package let name: String
        package let last: NumericsReport.Layer
        package let worst: NumericsReport.Layer
    }

    /// The layers by the blocks that they are in.
    package var blocks: [Block] {
        var blocks: [Block] = []
        for layer in layers {
            let parts = layer.name.split(separator: ".")
            let isBlock = parts.count > 3 && (parts[1] == "down_blocks" || parts[1] == "up_blocks")
            let name = parts.prefix(isBlock ? 4 : 2).joined(separator: ".")
            if let before = blocks.last, before.name == name {
                let isWorse = layer.distance.isWorse(than: before.worst.distance)
                blocks[blocks.count - 1] = Block(name: name, last: layer, worst: isWorse ? layer : before.worst)
            } else {
                blocks.append(Block(name: name, last: layer, worst: layer))
            }
        }
        return blocks
    }
}
