package import Kernels
internal import ModelZoo
internal import Synchronization
internal import TensorCore

extension AutoencoderDC {
    package enum Direction: String, Sendable { case encode, decode }

    /// Runs one of the two, in tiles or whole, with an engine of its own.
    func run(
        _ direction: Direction,
        _ input: FloatTensor,
        latentChannels: Int?,
        _ tiling: Tiling?,
        _ progress: Progress?,
        profiles: Bool,
        observe: ((String, Rows, Range<Int>) throws(KernelError) -> Void)? = nil
    ) throws(NetworkError) -> (result: FloatTensor, report: Report) {
        try check(direction, input, latentChannels)
        if let tiling { try check(tiling) }
        let taken = idle.withLock { idle in
            defer { idle = nil }
            return idle
        }
        let engine = taken?.engine ?? newEngine()
        engine.isProfiling = profiles
        engine.profile = []
        engine.observe = observe
        engine.arena.restartPeak()
        defer {
            engine.progress = nil
            engine.observe = nil
            if !options.keepsBuffers { engine.releaseMemory() }
            let box = EngineBox(engine: engine)
            idle.withLock { $0 = box }
        }
        let computation = Computation(
            model: self,
            engine: engine,
            direction: direction,
            latentChannels: direction == .encode ? latentChannels ?? config.latentChannels : input.channels
        )
        let result = try computation.run(input, tiling, progress)
        return (result, Report(layers: engine.profile, peakBufferBytes: engine.arena.peakBytes))
    }

    /// Runs one of the two, and shows what every layer puts out.
    ///
    /// - Parameter observe: called with a layer's name, its image, and the rows that have just been made, in order.
    package func observed(
        _ direction: Direction,
        _ input: FloatTensor,
        observe: @escaping (String, Rows, Range<Int>) throws(KernelError) -> Void
    ) throws(NetworkError) -> FloatTensor {
        try run(direction, input, latentChannels: nil, nil, nil, profiles: false, observe: observe).result
    }

    private func newEngine() -> Engine {
        let engine = Engine(
            threads: options.threads,
            instructionSet: options.instructionSet,
            precision: options.precision
        )
        engine.limit =
            switch options.check {
            case .nothing: nil
            case .finite: Float.greatestFiniteMagnitude
            case .withinF16: 65504
            }
        engine.wholeLimit = max(0, options.memoryBudget / 100 * 18)
        engine.stepBytes = max(1, options.memoryBudget / 100)
        return engine
    }

    /// Refuses what the network does not take.
    package func check(_ direction: Direction, _ input: FloatTensor, _ asked: Int?) throws(NetworkError) {
        let ratio = spatialCompressionRatio
        let all = config.latentChannels
        switch direction {
        case .encode:
            guard input.channels == config.inChannels else {
                throw .shape(.imageChannels(found: input.channels, expected: config.inChannels))
            }
            guard input.height % ratio == 0, input.width % ratio == 0 else {
                throw .shape(.sides(height: input.height, width: input.width, ratio: ratio))
            }
            if let asked { try check(latentChannels: asked) }
        case .decode:
            let isPartial = input.channels < all && decodesPartialLatents
            guard input.channels == all || isPartial else {
                throw .shape(.latentChannels(found: input.channels, expected: all))
            }
        }
    }
}

/// One encoding or decoding.
private struct Computation {
    let model: AutoencoderDC
    let engine: Engine
    let direction: AutoencoderDC.Direction
    let latentChannels: Int

    private var ratio: Int { model.spatialCompressionRatio }

    func run(
        _ input: FloatTensor,
        _ tiling: Tiling?,
        _ progress: AutoencoderDC.Progress?
    ) throws(NetworkError) -> FloatTensor {
        let isEncoding = direction == .encode
        guard let grid = tiling.flatMap({ $0.grid(of: input, unit: isEncoding ? 1 : ratio) }) else {
            return try whole(input, progress)
        }
        var done = 0.0
        return try grid.run(
            input,
            channels: isEncoding ? latentChannels : model.config.inChannels,
            scale: isEncoding ? (1, ratio) : (ratio, 1)
        ) { piece throws(NetworkError) in
            let start = done
            done += 1
            guard let progress else { return try whole(piece, nil) }
            return try whole(piece) { part throws(CancellationError) in
                try progress((start + part) / Double(grid.count))
            }
        }
    }

    private func whole(_ input: FloatTensor, _ progress: AutoencoderDC.Progress?) throws(NetworkError) -> FloatTensor {
        let sizes =
            switch direction {
            case .encode: [input.batch, latentChannels, input.height / ratio, input.width / ratio]
            case .decode: [input.batch, model.config.inChannels, input.height * ratio, input.width * ratio]
            }
        // A latent is small and may ask for more than there is; an allocation that fails would end the process.
        guard sizes.reduce(1, *) <= Machine.memoryBytes / 4 else { throw .outputTooLarge(sizes) }
        var result = FloatTensor(zeros: sizes)
        let imageCount = result.imageCount
        try input.values.withUnsafeBufferPointer { values throws(NetworkError) in
            try result.values.withUnsafeMutableBufferPointer { output throws(NetworkError) in
                guard let from = values.baseAddress, let to = output.baseAddress else { return }
                if let progress {
                    engine.progress = report(progress, of: try cost(from, input, to) * Double(input.batch))
                }
                for index in 0..<input.batch {
                    _ = try forward(from + index * input.imageCount, input, to + index * imageCount, model.weights)
                }
            }
        }
        return result
    }

    /// Adds up operations and tells what part of all they are.
    private func report(
        _ progress: @escaping AutoencoderDC.Progress,
        of total: Double
    ) -> (Double) throws(KernelError) -> Void {
        var done = 0.0
        return { operations throws(KernelError) in
            done += operations
            do throws(CancellationError) {
                try progress(min(1, done / max(1, total)))
            } catch {
                throw .stopped
            }
        }
    }

    /// The operations of one image, found without reading a weight.
    private func cost(
        _ from: UnsafePointer<Float>,
        _ input: FloatTensor,
        _ to: UnsafeMutablePointer<Float>
    ) throws(NetworkError) -> Double {
        try forward(from, input, to, nil)
    }

    private func forward(
        _ from: UnsafePointer<Float>,
        _ input: FloatTensor,
        _ to: UnsafeMutablePointer<Float>,
        _ weights: (any WeightSource)?
    ) throws(NetworkError) -> Double {
        let forward = Forward(engine: engine, loader: LayerLoader(source: weights, limit: engine.limit))
        let (height, width) = (input.height, input.width)
        switch direction {
        case .encode:
            try forward.encode(
                model.network.encoder,
                from,
                height: height,
                width: width,
                latentChannels: latentChannels,
                into: to
            )
        case .decode:
            try forward.decode(
                model.network.decoder,
                from,
                height: height,
                width: width,
                latentChannels: latentChannels,
                into: to
            )
        }
        return forward.operations
    }
}
