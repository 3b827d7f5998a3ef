internal import CheckpointIO
internal import DCAE
internal import ModelZoo
package import Models

/// What tells one encoder from another: the statistics of latents depend on nothing else of a checkpoint.
package enum EncoderFingerprint {
    /// The SHA-256 of an encoder's parameters: their names, dtypes, shapes and bytes in the order of the network.
    ///
    /// Both layouts, and whole and sharded files, of the same weights have the same. It reads every byte that the network
    /// is going to read anyway, in less time than two pictures take.
    package static func of(_ model: OpenedModel) throws -> String {
        let (_, network, _) = try model.requireNetwork(.encoder)
        let weights = try CheckpointWeights(model)
        var hash = SHA256()
        for parameter in network.encoder.parameters where parameter.kind != .batchCounter {
            for target in parameter.diffusers {
                let weight = try weights.weight(target.name)
                hash.update("\(target.name) \(weight.dtype.rawValue) \(weight.shape)\n")
                hash.update(weight.bytes)
            }
        }
        return hash.finish().description
    }
}
