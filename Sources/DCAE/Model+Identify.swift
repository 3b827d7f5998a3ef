internal import CheckpointIO
public import Files
public import ModelZoo
package import Models
internal import TensorCore

extension Model {
    /// What a checkpoint is, and on what evidence.
    public struct Identity: Sendable {
        /// How much is known.
        public enum Verdict: String, Sendable, CaseIterable {
            /// One variant of the registry.
            case identified
            /// A network that is known with its factor and has no one name: its own config.json, or the caller, describes it and
            /// no known variant is the same, or several variants are it, as sana-1.0 and sana-1.1 are: `candidates`.
            case described
            /// An encoder or a decoder alone.
            case part
            /// Two facts contradict each other.
            case contradictory
            /// Several variants have these tensors, and nothing says which: `candidates`.
            case ambiguous
            /// No DC-AE that is known.
            case unknown
        }

        /// A fact that speaks for some variants.
        public struct Evidence: Sendable, Equatable {
            /// Where it comes from: `structure`, `config`, `cache`, `note`, `digest` or `measurement`.
            public let source: String
            /// The fact, in words.
            public let text: String
            /// The names of the variants that it speaks for; none where it speaks for none that is known.
            public let variants: [String]
        }

        /// How much is known.
        public let verdict: Verdict
        /// The variant, where the evidence leaves one and nothing about the model differs from it.
        public let variant: Variant?
        /// The variants that all evidence speaks for.
        public let candidates: [Variant]
        /// The facts, structure first.
        public let evidence: [Evidence]
        /// The layout of the tensors' names; nil where they are of none.
        public let layout: Layout?
        /// The configuration of the network; nil where it is not known.
        public let config: AutoencoderDCConfig?
        /// What latents are multiplied by before a diffusion model sees them; nil where that is not settled.
        public var scalingFactor: Double? { config?.scalingFactor }
        /// How it was settled, a line each.
        public let reasons: [String]
        /// What speaks against it without having a say, a line each.
        public let warnings: [String]
        /// Why it is not settled, and what to do; nil where it is.
        public let problem: CheckpointError?

        init(_ model: OpenedModel) {
            verdict = model.verdict
            variant = model.variant
            candidates = model.candidates
            evidence = model.evidence.map {
                Evidence(source: $0.source.rawValue, text: $0.text, variants: $0.variants)
            }
            layout = model.layout
            config = model.config
            reasons = model.reasons
            warnings = model.warnings
            problem = model.unsettled.map(model.error)
        }
    }

    /// Says what it is: from the tensors, what lies around the file, and, where its size is that of a published file, its
    /// SHA-256, for which the whole file is read.
    ///
    /// - Parameters:
    ///   - readsFile: whether the SHA-256 may be taken; without it nothing is read.
    ///   - progress: told of bytes that are read.
    /// - Returns: the answer, also where it is that nothing is known.
    /// - Throws: `CheckpointError` where the file cannot be read; `CancellationError`.
    public func identify(readsFile: Bool = true, progress: ProgressHandler? = nil) async throws -> Identity {
        guard readsFile, opened.mayBePublished else { return Identity(opened) }
        return try await Background.run { mark in
            let count = ProgressCount(.reading, of: opened.file.files.first?.size ?? 0, mark, progress)
            let match = try opened.published { bytes throws(CheckpointError) in try count.add(bytes) }
            return Identity(opened.adding(match))
        }
    }
}

extension OpenedModel {
    /// How much is known.
    package var verdict: Model.Identity.Verdict {
        // One coder can be that of several networks.
        if part != .whole, !structural.isEmpty { return .part }
        // What cannot be converted is not settled.
        if factorProblem?.kind == .contradiction || problem?.kind == .contradiction { return .contradictory }
        if problem != nil || config == nil {
            if case .ambiguous? = problem { return .ambiguous }
            return isContradictory ? .contradictory : .unknown
        }
        if part != .whole { return .part }
        if variant != nil { return .identified }
        if isContradictory { return .contradictory }
        // Its own word, or the user's, describes it, and no known variant is the same; or variants of one network and one
        // factor are left, between which nothing depends on the name.
        guard let first = candidates.first else { return .described }
        let isOne = config?.scalingFactor != nil && candidates.allSatisfy { $0.config == first.config }
        return isOne ? .described : .ambiguous
    }

    /// Why it is not known what it is, and what to do; nil where it is.
    package var unsettled: ModelFault? {
        switch verdict {
        case .identified, .described: nil
        case .part:
            Set(structural.map(\.config.scalingFactor)).count > 1 ? ambiguity(structural) : nil
        case .contradictory: problem ?? factorProblem ?? .contradiction(evidence)
        case .ambiguous:
            problem ?? factorProblem.flatMap { $0.kind == .badConfig ? $0 : nil } ?? ambiguity(candidates)
        case .unknown: problem ?? .notDCAE(mismatch)
        }
    }

    private func ambiguity(_ variants: [Variant]) -> ModelFault {
        let factors = Set(variants.map(\.config.scalingFactor))
        let needsName = factors.count == 1 || config?.scalingFactor != nil
        return .ambiguous(variants, needsName: needsName, measured: measurement != nil)
    }
}
