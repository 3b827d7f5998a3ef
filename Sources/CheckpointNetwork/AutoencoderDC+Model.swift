internal import CheckpointIO
package import DCAENetwork
internal import ModelZoo
package import Models

extension AutoencoderDC {
    /// Makes the network of a model that has been opened.
    ///
    /// - Parameter part: what of it must be there: `encode` and `decode` need one coder of it.
    package convenience init(_ model: OpenedModel, part: NetworkPart = .whole, options: Options) throws {
        let (config, _, _) = try model.requireNetwork(part)
        try self.init(config: config, weights: try CheckpointWeights(model), options: options)
    }
}
