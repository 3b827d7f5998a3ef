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
            /// Only an encoder or a decoder.
            case part
            /// Facts contradict each other.
            case contradictory
            /// Several variants have these tensors, and nothing says which: `candidates`.
            case ambiguous
            /// Not a known DC-AE.
            case unknown
        }

        /// A fact that matches some variants.
        public struct Evidence: Sendable, Equatable {
            /// Where it comes from: `structure`, `config`, `cache`, `note`, `digest` or `measurement`.
            public let source: String
            /// The fact, in words.
            public let text: String
            /// The names of the variants that it matches; empty if it matches no known variant.
            public let variants: [String]
        }

        /// How much is known.
        public let verdict: Verdict
        /// The variant, if the evidence leaves one and the model does not differ from it in any way.
        public let variant: Variant?
        /// The variants that match all evidence.
        public let candidates: [Variant]
        /// The facts, structure first.
        public let evidence: [Evidence]
        /// The layout of the tensors' names; nil if they match no layout.
        public let layout: Layout?
        /// The configuration of the network; nil if it is unknown.
        public let config: AutoencoderDCConfig?
        /// The number that latents are multiplied by before a diffusion model sees them; nil if it is not settled.
        public var scalingFactor: Double? { config?.scalingFactor }
        /// The reasons for the result, one line each.
        public let reasons: [String]
        /// Evidence against it that did not decide the result, one line each.
        public let warnings: [String]
        /// Why the result is not settled, and what to do; nil if it is settled.
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

    /// Identifies the model: from the tensors, from the files around it, and from its SHA-256. The SHA-256 needs the whole file,
    /// and is only computed if the size is that of a published file.
    ///
    /// - Parameters:
    ///   - readsFile: whether the SHA-256 may be computed; without it no data is read.
    ///   - progress: called with the bytes that were read.
    /// - Returns: the answer, even if the model is unknown.
    /// - Throws: `CheckpointError` if the file cannot be read; `CancellationError`.
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

    /// Why the model is not identified, and what to do; nil if it is.
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
