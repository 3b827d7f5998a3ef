internal import CheckpointIO
internal import DCAENetwork
internal import ModelZoo
internal import TensorCore

/// The network timed, on noise of one size.
package struct NetworkBenchmark: Sendable {
    /// What was timed of encoding or decoding.
    package struct Coder: Sendable {
        /// `encode` or `decode`.
        package let name: String
        /// The sizes of the input and of the result.
        package let input: [Int]
        package let output: [Int]
        /// The runs that count, in the order of their seconds.
        package let runs: [CoderCost]

        /// The run in the middle; of an even number the slower of two.
        package var median: CoderCost { runs[runs.count / 2] }
        /// The fastest run.
        package var best: CoderCost { runs[0] }
        /// Billions of operations in a second, as direct computation would have them.
        package var rate: Double { median.operations / median.seconds / 1e9 }
    }

    /// Encoding, then decoding, as far as asked for.
    package let coders: [Coder]

    /// Times a network: one run to warm up, which prepares buffers and reads weights, then those that count.
    ///
    /// - Parameters:
    ///   - model: the network.
    ///   - height: the height of the image.
    ///   - width: its width.
    ///   - repeats: the runs that count, at least 1.
    ///   - names: `encode`, `decode`, or both.
    ///   - progress: called with the number of runs that are done.
    /// - Throws: for sides that are no multiples of the network's ratio, and what the network throws.
    package init(
        _ model: LoadedModel,
        height: Int,
        width: Int,
        repeats: Int,
        names: [String],
        progress: (Int) -> Void
    ) throws {
        let ratio = model.network.spatialCompressionRatio
        let config = model.network.config
        guard height % ratio == 0, width % ratio == 0 else {
            throw CheckpointError(.size, InferenceFault.sides(height: height, width: width, ratio: ratio))
        }
        let image = try Self.noise([1, config.inChannels, height, width])
        var latent: FloatTensor?
        var done = 0
        func time(_ body: () throws -> (FloatTensor, CoderCost)) throws -> (FloatTensor, [CoderCost]) {
            var (result, _) = try body()
            var runs: [CoderCost] = []
            for _ in 0..<repeats {
                done += 1
                progress(done)
                let cost: CoderCost
                (result, cost) = try body()
                runs.append(cost)
            }
            done += 1
            progress(done)
            return (result, runs.sorted { $0.seconds < $1.seconds })
        }
        var coders: [Coder] = []
        if names.contains("encode") {
            let (result, runs) = try time { try model.measuredEncode(image, "encode") }
            coders.append(Coder(name: "encode", input: image.dimensions, output: result.dimensions, runs: runs))
            latent = result
        }
        if names.contains("decode") {
            // The latent of the noise; noise of a latent's own sizes where there is none.
            let input = try latent ?? Self.noise([1, config.latentChannels, height / ratio, width / ratio])
            let (result, runs) = try time { try model.measuredDecode(input, "decode") }
            coders.append(Coder(name: "decode", input: input.dimensions, output: result.dimensions, runs: runs))
        }
        self.coders = coders
    }

    /// Values in -1..<1, the same in every run.
    private static func noise(_ sizes: [Int]) throws -> FloatTensor {
        var state: UInt64 = 42
        let values = (0..<sizes.reduce(1, *)).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
        }
        return try FloatTensor(batch: sizes[0], channels: sizes[1], height: sizes[2], width: sizes[3], values: values)
    }
}
