package import ModelZoo
package import TensorCore

/// What is to be made of a model: what the user wants written. What the model is, is said by `OpenedModel`.
package struct ConversionOptions: Sendable {
    /// What is written.
    package enum Output: Sendable, Equatable {
        /// A model folder: weights and config.json.
        case folder
        /// The weights alone, in one file of this name.
        case file(String)
    }

    /// The layout to convert to.
    package var target = Layout.diffusers
    /// The dtype of the weights; nil to keep what is stored.
    package var dtype: DType?
    /// The most bytes of tensors in one file; nil for one file.
    package var maxShardSize: Int?
    /// The level of zstd for the weight files; nil to leave them as they are.
    package var compression: Int?
    /// Whether finite values may become infinite in a cast.
    package var allowsInfinite = false
    package var output = Output.folder

    package init() {}
}
