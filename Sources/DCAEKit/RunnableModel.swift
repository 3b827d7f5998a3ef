package import CheckpointIO
package import Conversion
package import ModelZoo

/// A checkpoint with the network that it holds, settled as far as running it asks for.
///
/// Variants that differ in the scaling factor alone are one network: which of them a file holds matters only to who
/// scales latents. So an ambiguity between these is kept here, and becomes an error where the factor is used.
package struct RunnableModel: Sendable {
    /// The checkpoint.
    package let checkpoint: Checkpoint
    /// The layout of its names.
    package let layout: Layout
    /// The variant, where it is known.
    package let variant: Variant?
    /// The configuration; without a scaling factor where that is not known.
    package let config: AutoencoderDCConfig
    private let factorProblem: CheckpointError?

    /// Settles what a checkpoint is.
    ///
    /// An explicit variant or configuration comes first, then a diffusers `config.json` beside the weights, then the
    /// evidence that `dcae identify` shows.
    ///
    /// - Throws: where nothing says what it is, or the tensors are not those of what it should be.
    package init(_ checkpoint: Checkpoint, _ request: ConversionRequest, registry: Registry) throws(CheckpointError) {
        var request = request
        // Candidates with one configuration are as good as one: what is wanted is the configuration, not a name.
        request.target = .diffusers
        if request.variant == nil, request.config == nil,
            let neighbour = try Self.neighbour(checkpoint, request, registry: registry)
        {
            self = neighbour
            return
        }
        do throws(CheckpointError) {
            self.init(checkpoint, try ResolvedModel.resolve(checkpoint, request, registry: registry))
        } catch {
            guard let config = Self.commonConfig(checkpoint, error, registry: registry),
                let layout = StructureMatch.layout(of: checkpoint)
            else { throw error }
            self.init(checkpoint: checkpoint, layout: layout, variant: nil, config: config, factorProblem: error)
        }
    }

    private init(
        checkpoint: Checkpoint,
        layout: Layout,
        variant: Variant?,
        config: AutoencoderDCConfig,
        factorProblem: CheckpointError?
    ) {
        self.checkpoint = checkpoint
        self.layout = layout
        self.variant = variant
        self.config = config
        self.factorProblem = factorProblem
    }

    private init(_ checkpoint: Checkpoint, _ model: ResolvedModel) {
        let name = model.variant?.name ?? "this model"
        self.init(
            checkpoint: checkpoint,
            layout: model.layout,
            variant: model.variant,
            config: model.config,
            factorProblem: model.config.scalingFactor == nil
                ? CheckpointError(checkpoint.path, .file, ConversionFault.noScalingFactor(name)) : nil
        )
    }

    /// What a latent is multiplied by before a diffusion model sees it.
    ///
    /// - Throws: where none is known, and what would settle it.
    package var scalingFactor: Double {
        get throws(CheckpointError) {
            guard factorProblem == nil, let factor = config.scalingFactor else {
                let unknown = CheckpointError(checkpoint.path, .file, ConversionFault.noScalingFactor("this model"))
                throw factorProblem ?? unknown
            }
            return factor
        }
    }

    /// What people call the model: its variant, or the last part of its path.
    package var name: String { variant?.name ?? ModelFolder.name(of: checkpoint.path) }

    /// The model as the config.json beside it describes it, or nil where there is none that does.
    private static func neighbour(
        _ checkpoint: Checkpoint,
        _ request: ConversionRequest,
        registry: Registry
    ) throws(CheckpointError) -> RunnableModel? {
        guard let layout = StructureMatch.layout(of: checkpoint),
            case .diffusers(let reading)? = try Provenance.neighbourConfig(checkpoint)
        else { return nil }
        var config = reading.config
        let found = try Identification.identify(checkpoint, registry: registry)
        let report = StructureReport(checkpoint, NetworkDescription(config), layout)
        guard report.faults.isEmpty else {
            // A known variant beside another's configuration is told apart by its tensors.
            guard found.mismatch != nil || found.layout == nil else { return nil }
            let fault = ConversionFault.structure(variant: "the config.json beside it", report)
            throw CheckpointError(checkpoint.path, .file, fault)
        }
        if let factor = request.scalingFactor { config.scalingFactor = factor }
        var problem: CheckpointError?
        if request.scalingFactor == nil, found.isContradictory {
            config.scalingFactor = nil
            problem = CheckpointError(checkpoint.path, .file, ConversionFault.contradiction(found.evidence))
        } else if config.scalingFactor == nil {
            config.scalingFactor = found.config?.scalingFactor
            let fault =
                found.config == nil && found.candidates.count > 1
                ? ConversionFault.ambiguous(found.candidates, needsName: false) : .noScalingFactor("this model")
            problem = config.scalingFactor == nil ? CheckpointError(checkpoint.path, .file, fault) : nil
        }
        return RunnableModel(
            checkpoint: checkpoint,
            layout: layout,
            variant: found.variant,
            config: config,
            factorProblem: problem
        )
    }

    /// The configuration that all variants have which a file can be, but for the factor, where that is all that is open.
    private static func commonConfig(
        _ checkpoint: Checkpoint,
        _ error: CheckpointError,
        registry: Registry
    ) -> AutoencoderDCConfig? {
        switch error.fault as? ConversionFault {
        case .ambiguous, .contradiction: break
        default: return nil
        }
        let configs = StructureMatch(checkpoint, registry: registry).variants.map { variant in
            var config = variant.config
            config.scalingFactor = nil
            return config
        }
        guard let first = configs.first, configs.allSatisfy({ $0 == first }) else { return nil }
        return first
    }
}
