public import ModelZoo

/// What a checkpoint can be, and on what evidence.
public struct Identification: Sendable {
    /// A fact that speaks for some variants.
    public struct Evidence: Sendable, Equatable {
        /// Where the fact comes from.
        public enum Source: String, Sendable {
            /// Names, shapes and dtypes of the tensors.
            case structure
            /// `model_name` or `scaling_factor` in a config.json beside the weights.
            case config
            /// The repository in the path of a Hugging Face cache.
            case cache
            /// The note that this program leaves when it converts or synthesizes.
            case note
            /// The scaling factor, measured over pictures.
            case measurement
        }

        /// Where the fact comes from.
        public let source: Source
        /// The fact, in words.
        public let text: String
        /// The names of the variants that it speaks for.
        public let variants: [String]

        package init(_ source: Source, _ text: String, _ variants: [String]) {
            self.source = source
            self.text = text
            self.variants = variants
        }
    }

    /// The layout of the tensors' names, or nil where they are of neither.
    public let layout: Layout?
    /// The variants that all evidence speaks for.
    public let candidates: [Variant]
    /// The facts, structure first.
    public let evidence: [Evidence]
    /// Whether two facts contradict each other.
    public let isContradictory: Bool
    /// Where no variant fits: how the nearest one differs, or what the file seems to be.
    public let mismatch: String?

    /// The variant, where the evidence leaves one.
    public var variant: Variant? {
        candidates.count == 1 && !isContradictory ? candidates[0] : nil
    }

    /// The configuration, where all candidates have the same; sana-1.0 and sana-1.1 do, `in` and `mix` do not.
    public var config: AutoencoderDCConfig? {
        guard !isContradictory, let first = candidates.first?.config else { return nil }
        return candidates.allSatisfy { $0.config == first } ? first : nil
    }
}
