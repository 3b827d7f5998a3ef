/// A sentence for people in which what a caller can say is a value, so that each caller shows it in its own spelling.
///
/// A library says `section:` where the program says `--section`; neither has to know the other's spelling.
///
///     let remedy: Words = "choose one with \(.section), for example \(.section, "ema")"
public struct Words: Sendable, Equatable, ExpressibleByStringInterpolation {
    /// Something that a caller can say, by the name of the library's parameter.
    public enum Option: String, Sendable, CaseIterable {
        /// The variant of the registry that a checkpoint is.
        case variant
        /// The configuration of a model.
        case config
        /// The scaling factor of a model's latents.
        case scalingFactor
        /// The part of a checkpoint in which the weights are.
        case section
        /// The folder with your own variants.
        case registry
        /// The pictures that a measurement takes.
        case images
        /// The sides of pictures.
        case size
        /// How a picture gets sides that the network takes.
        case fit
        /// The element type of what is written.
        case dtype
        /// The most bytes of one file of weights.
        case maxShardSize
        /// The most bytes that a compressed file may expand to.
        case maxExpandedSize
        /// Whether values may become infinite.
        case allowInfinite
        /// Whether parts of a measurement may be missing.
        case allowMissing
        /// Whether what is there already is replaced.
        case overwrite
        /// The pictures that are named one by one.
        case pictures
        /// The most pictures that are taken.
        case limit
        /// The statistics of original pictures that FID compares with.
        case fidReference
        /// The weights of FID's network.
        case fidWeights
        /// Whether FID is left out.
        case noFid
        /// The weights of LPIPS's networks.
        case lpipsWeights
        /// Whether latents are scaled.
        case scaled
        /// Whether means and deviations of channels are written.
        case withMeanStd
        /// Where results are written.
        case output
        /// The part of a run that one process does.
        case shard
        /// The tensor of a file.
        case tensor
        /// Whether all tensors are listed.
        case tensors
        /// Whether every layer's output is checked for NaN.
        case checkFinite
        /// The patterns of names that are compared.
        case only
        /// The patterns of names that are left out.
        case ignore
        /// How made-up weights are made.
        case weights
    }

    /// A piece of the sentence.
    public enum Part: Sendable, Equatable {
        /// Words.
        case text(String)
        /// What the caller can say, and what to say there.
        case option(Option, value: String?)
    }

    /// The pieces in their order.
    public private(set) var parts: [Part] = []

    /// Words without an option.
    public init(_ text: String) { parts = [.text(text)] }

    /// A sentence written down.
    public init(stringLiteral text: String) { self.init(text) }

    /// A sentence written down with values in it.
    public init(stringInterpolation: Interpolation) { parts = stringInterpolation.parts }

    /// How a sentence is put together.
    public struct Interpolation: StringInterpolationProtocol, Sendable {
        var parts: [Part] = []

        /// Begins a sentence.
        public init(literalCapacity: Int, interpolationCount: Int) {}

        /// Adds words.
        public mutating func appendLiteral(_ text: String) {
            if !text.isEmpty { parts.append(.text(text)) }
        }

        /// Adds a value as words.
        public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
            parts.append(.text(value.description))
        }

        /// Adds a sentence.
        public mutating func appendInterpolation(_ words: Words) { parts += words.parts }

        /// Adds an option.
        public mutating func appendInterpolation(_ option: Option) { parts.append(.option(option, value: nil)) }

        /// Adds an option with what to say there.
        public mutating func appendInterpolation(_ option: Option, _ value: some CustomStringConvertible) {
            parts.append(.option(option, value: value.description))
        }
    }

    /// Both sentences as one.
    public static func + (a: Words, b: Words) -> Words {
        var both = a
        both.parts += b.parts
        return both
    }

    /// The sentence, with options spelled as someone does.
    public func text(_ spelling: (Option, _ value: String?) -> String) -> String {
        parts.reduce(into: "") { text, part in
            switch part {
            case .text(let words): text += words
            case .option(let option, let value): text += spelling(option, value)
            }
        }
    }
}

extension Words: CustomStringConvertible {
    /// The library's own words: options are labels of arguments, as `section:` or `section: "ema"`.
    public var description: String { text(Self.label) }

    /// An option as the label of an argument.
    public static func label(_ option: Option, _ value: String?) -> String {
        value.map { "\(option.rawValue): \"\($0)\"" } ?? "\(option.rawValue):"
    }
}
