internal import CheckpointIO

/// A published model: what is known of it, and its configuration.
public struct Variant: Sendable {
    /// The name of the original repository, as `dc-ae-f32c32-sana-1.0`.
    public let name: String
    /// What variants are grouped by: `f32c32`, `f64c128`, `sana`, `lite` and others.
    public let family: String
    /// Other names that are taken for it, the one to type first.
    public let aliases: [String]
    /// The layouts that it is published in.
    public let layouts: [Layout]
    /// The repositories that hold it, those of the original layout first and whole pipelines last.
    public let repositories: [Repository]
    /// What it was trained on.
    public let trainingData: String
    /// Where the scaling factor comes from, or why there is none.
    public let scalingFactorSource: String
    /// How a latent becomes what a diffusion model sees, where that is more than the scaling factor of its configuration.
    public let normalization: LatentNormalization?
    /// Why the normalisation is not what the configuration says.
    public let normalizationReason: String?
    /// The variant that its encoder comes from unchanged, by name.
    public let encoderOf: String?
    /// The variant that its decoder comes from unchanged, by name.
    public let decoderOf: String?
    /// The variant that it was made from, and what changed.
    public let derivation: Derivation?
    /// Files as they were published, known by their digests.
    public let digests: [PublishedFile]
    /// Reconstruction quality as it was published.
    public let quality: [Quality]
    /// What else is worth knowing, a sentence each.
    public let notes: [String]
    /// The exact configuration.
    public let config: AutoencoderDCConfig

    /// The factor between pixels and latents, and the latent's channels, as `f32c32`.
    public var geometry: String { "f\(config.spatialCompressionRatio)c\(config.latentChannels)" }

    /// The name to type: the first alias, where there is one.
    public var shortName: String { aliases.first ?? name }

    /// What is subtracted from a latent before it is scaled, where its pipeline does so.
    public var shift: Double? { normalization?.shift }

    /// The factor that its own pipeline uses: that of the normalisation, else that of the configuration.
    public var pipelineScalingFactor: Double? { normalization?.scalingFactor ?? config.scalingFactor }

    /// Every name that is taken for this variant, the shorter ones first; no two are equal.
    package var names: [String] {
        var names = [name]
        for candidate in aliases + repositories.flatMap(\.names) where !names.contains(candidate) {
            names.append(candidate)
        }
        return names
    }
}

extension Variant {
    /// A place on the Hub that holds a variant.
    public struct Repository: Sendable, Equatable {
        /// The repository, as `mit-han-lab/dc-ae-f32c32-sana-1.0`.
        public let id: String
        /// The folder in it, where the model is not at its root, as `vae`.
        public let folder: String?
        /// The layout of what it holds.
        public let layout: Layout
        /// Whether it is a whole pipeline, of which the variant is a part.
        public let isPipeline: Bool

        /// The repository and the folder, as `Efficient-Large-Model/Sana_600M_512px_diffusers/vae`.
        public var path: String { folder.map { id + "/" + $0 } ?? id }

        /// What stands for it: the repository, with or without its owner, and with its folder.
        var names: [String] {
            [id, ModelFolder.name(of: id)] + (folder == nil ? [] : [path])
        }
    }

    /// A file as it was published: whatever has these bytes is that file.
    public struct PublishedFile: Sendable, Equatable {
        /// Where the file was published.
        public struct Publication: Sendable, Equatable {
            /// The repository, with the folder in it.
            public let repository: String
            /// The commit, where it is known: 40 hexadecimal digits.
            public let revision: String?
        }

        /// The file's name.
        public let name: String
        /// The layout of the folder that it belongs to.
        public let layout: Layout
        /// Its size, where it is known.
        public let byteCount: Int?
        /// SHA-256 of the whole file: 64 hexadecimal digits, lower case.
        public let sha256: String
        /// Where it was published.
        public let publications: [Publication]
        /// Who says so.
        public let source: String
    }

    /// How well a variant reconstructs pictures, as somebody published it.
    public struct Quality: Sendable, Equatable {
        /// The data set.
        public let data: String
        /// The height and width of the pictures.
        public let pixels: Int
        /// Fréchet inception distance between the pictures and their reconstructions.
        public let rFID: Double?
        /// Peak signal-to-noise ratio in dB.
        public let psnr: Double?
        /// Structural similarity.
        public let ssim: Double?
        /// Learned perceptual distance.
        public let lpips: Double?
        /// The mean of the latents.
        public let latentMean: Double?
        /// The root mean square of the latents.
        public let latentRMS: Double?
        /// The standard deviation of the latents.
        public let latentStandardDeviation: Double?
        /// Where it was published.
        public let source: String
    }

    /// What a variant was made from, and which of its modules changed.
    public struct Derivation: Sendable, Equatable {
        /// The name of the variant that it was made from.
        public let variant: String
        /// The modules whose tensors differ, by their names in the diffusers layout; all others are equal to the byte.
        public let changed: [String]
        /// Who compared them.
        public let source: String

        /// Whether a tensor of the diffusers layout is one that changed.
        public func changes(_ tensor: String) -> Bool {
            changed.contains { tensor.hasPrefix($0 + ".") }
        }
    }
}
