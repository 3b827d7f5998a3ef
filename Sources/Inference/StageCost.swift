internal import DCAENetwork
package import Kernels
internal import Libc
internal import ReferenceNetwork

/// What one stage of the network cost: its first or last convolution, or the blocks of one resolution.
package struct StageCost: Sendable, Equatable {
    /// The path of its module in diffusers, as `encoder.down_blocks.3`.
    package let name: String
    /// The seconds in it.
    package private(set) var seconds: Double
    /// Floating-point operations, as direct computation would have them.
    package private(set) var operations: Double
    /// The size of what it puts out: height, width, channels.
    package private(set) var outputSize: [Int]

    /// The bytes of what it puts out, in single precision.
    package var outputBytes: Int { 4 * outputSize.reduce(1, *) }

    /// The stages that layers belong to, in the order of computation.
    package static func stages(of layers: [LayerProfile]) -> [StageCost] {
        var stages: [StageCost] = []
        for layer in layers {
            let parts = layer.name.split(separator: ".")
            let isBlock = parts.count > 2 && (parts[1] == "down_blocks" || parts[1] == "up_blocks")
            let name = parts.prefix(isBlock ? 3 : 2).joined(separator: ".")
            let cost = StageCost(
                name: name,
                seconds: layer.seconds,
                operations: layer.operations,
                outputSize: layer.outputSize
            )
            // An image or a tile begins anew with a stage that has been seen.
            if let index = stages.firstIndex(where: { $0.name == name }) {
                stages[index].add(cost)
            } else {
                stages.append(cost)
            }
        }
        return stages
    }

    private mutating func add(_ other: StageCost) {
        seconds += other.seconds
        operations += other.operations
        if !other.outputSize.isEmpty { outputSize = other.outputSize }
    }
}

/// What one pass through the encoder or the decoder cost.
package struct CoderCost: Sendable {
    /// The seconds from call to return.
    package let seconds: Double
    /// The most memory that activations and prepared weights took, in bytes.
    package let bufferBytes: Int
    /// Every layer's share, in the order of computation.
    package let layers: [LayerProfile]

    /// The stages' shares.
    package var stages: [StageCost] { StageCost.stages(of: layers) }

    /// Floating-point operations, as direct computation would have them.
    package var operations: Double { layers.reduce(0) { $0 + $1.operations } }
}

extension LoadedModel {
    /// Encodes, and measures it.
    func measuredEncode(
        _ image: FloatTensor,
        _ place: String,
        latentChannels: Int? = nil
    ) throws(PlacedRefusal) -> (FloatTensor, CoderCost) {
        try measured(place) { network throws(NetworkError) in
            if let reference { return try reference.measured(.encode, image, latentChannels: latentChannels) }
            return try network.profileEncode(image, latentChannels: latentChannels, tiling: tiling)
        }
    }

    /// Decodes, and measures it.
    func measuredDecode(_ latent: FloatTensor, _ place: String) throws(PlacedRefusal) -> (FloatTensor, CoderCost) {
        try measured(place) { network throws(NetworkError) in
            if let reference { return try reference.measured(.decode, latent) }
            return try network.profileDecode(latent, tiling: tiling)
        }
    }

    private func measured(
        _ place: String,
        _ body: (AutoencoderDC) throws(NetworkError) -> (FloatTensor, AutoencoderDC.Report)
    ) throws(PlacedRefusal) -> (FloatTensor, CoderCost) {
        let clock = ContinuousClock()
        let start = clock.now
        let (result, report) = try run(place, body)
        let seconds = clock.now.seconds(since: start)
        return (result, CoderCost(seconds: seconds, bufferBytes: report.peakBufferBytes, layers: report.layers))
    }
}

extension ReferenceNetwork {
    fileprivate func measured(
        _ direction: AutoencoderDC.Direction,
        _ input: FloatTensor,
        latentChannels: Int? = nil
    ) throws(NetworkError) -> (FloatTensor, AutoencoderDC.Report) {
        let outcome = try run(direction, input, latentChannels: latentChannels)
        return (try outcome.tensor.rounded, outcome.report)
    }
}

/// Memory of this process.
package enum ProcessMemory {
    /// The most that it ever held at once, in bytes; mapped files count as far as they were read.
    package static var peakBytes: Int {
        var usage = rusage()
        #if canImport(Darwin)
            getrusage(RUSAGE_SELF, &usage)
            return Int(usage.ru_maxrss)
        #else
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            return Int(usage.ru_maxrss) << 10
        #endif
    }
}
