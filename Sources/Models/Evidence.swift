internal import CheckpointIO
internal import ModelZoo
internal import TensorCore

/// A fact that speaks for some variants.
package struct Evidence: Sendable, Equatable {
    /// Where the fact comes from.
    package enum Source: String, Sendable {
        /// Names, shapes and dtypes of the tensors.
        case structure
        /// `model_name`, `scaling_factor` or `_name_or_path` in a config.json beside the weights.
        case config
        /// The repository in the path of a Hugging Face cache.
        case cache
        /// The note that this program leaves when it converts or synthesizes.
        case note
        /// The SHA-256 of the whole file, which is that of a published one.
        case digest
        /// The scaling factor, measured over pictures.
        case measurement
    }

    /// Where the fact comes from.
    package let source: Source
    /// The fact, in words.
    package let text: String
    /// The names of the variants that it speaks for.
    package let variants: [String]

    package init(_ source: Source, _ text: String, _ variants: [String]) {
        self.source = source
        self.text = text
        self.variants = variants
    }
}
