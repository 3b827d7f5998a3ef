internal import CheckpointIO
internal import CheckpointNetwork
internal import DCAENetwork
internal import ModelZoo
package import Models
internal import TensorCore

/// What tells one encoder from another: the statistics of latents depend on nothing else of a checkpoint.
package enum EncoderFingerprint {
    /// The SHA-256 of an encoder's parameters, or of the whole network's: their names, dtypes, shapes and bytes in the order
    /// of the network.
    ///
    /// Both layouts, and whole and sharded files, of the same weights have the same. It reads every byte that the network
    /// is going to read anyway, in less time than two pictures take.
    package static func of(_ model: OpenedModel, whole: Bool = false) throws -> String {
        let (_, network, _) = try model.requireNetwork(whole ? .whole : .encoder)
        let weights = try CheckpointWeights(model)
        var hash = SHA256()
        let parameters = network.encoder.parameters + (whole ? network.decoder.parameters : [])
        for parameter in parameters where parameter.kind != .batchCounter {
            for target in parameter.diffusers {
                let weight = try weights.weight(target.name)
                hash.update("\(target.name) \(weight.dtype.rawValue) \(weight.shape)\n")
                hash.update(weight.bytes)
            }
        }
        return hash.finish().description
    }
}
