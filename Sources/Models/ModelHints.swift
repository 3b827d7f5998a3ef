package import CheckpointIO
package import ModelZoo

/// What a user says of a checkpoint: what it is and which part of it is meant.
///
/// What is to be made of it (a dtype, shards, a target) is another matter, and another type.
package struct ModelHints: Sendable {
    /// The variant, where the user names it.
    package var variant: Variant?
    /// The configuration, where the user gives one.
    package var config: AutoencoderDCConfig.Reading?
    /// The scaling factor, where the user gives one.
    package var scalingFactor: Double?
    /// The part of the file that is meant, and how much a compressed one may expand to.
    package var opening: OpenOptions

    package init(
        variant: Variant? = nil,
        config: AutoencoderDCConfig.Reading? = nil,
        scalingFactor: Double? = nil,
        opening: OpenOptions = OpenOptions()
    ) {
        self.variant = variant
        self.config = config
        self.scalingFactor = scalingFactor
        self.opening = opening
    }

    /// Nothing said.
    package static let none = ModelHints()
}
