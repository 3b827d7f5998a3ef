internal import CheckpointIO
package import ModelZoo

extension OpenedModel {
    /// How a latent of this model becomes what a diffusion model sees: as its own pipeline does it, where a registry knows, else
    /// as its configuration says.
    ///
    /// A factor that the user gives takes the place of the configuration's.
    ///
    /// - Throws: where no factor is known, and what would settle it.
    package var normalization: LatentNormalization {
        get throws(CheckpointError) {
            if let problem = factorProblem { throw error(problem) }
            var known = pipelineVariant?.normalization ?? config?.normalization ?? LatentNormalization()
            known.scalingFactor = known.factor ?? config?.scalingFactor
            guard known.scalingFactor != nil else { throw error(ModelFault.noScalingFactor("this model")) }
            return known
        }
    }

    /// Why latents are not normalised as the configuration says; nil where they are.
    package var normalizationReason: String? { pipelineVariant?.normalizationReason }

    /// The variant whose pipeline normalises otherwise than its configuration says: this one, or the one whose pipeline uses the
    /// factor that the user gives.
    private var pipelineVariant: Variant? {
        if let factor = hints.scalingFactor {
            guard structural.count == 1, let only = structural.first, only.normalization?.scalingFactor == factor
            else { return nil }
            return only
        }
        guard let variant, variant.normalization != nil, variant.config.normalization == config?.normalization
        else { return nil }
        return variant
    }
}
