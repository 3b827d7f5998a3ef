internal import CheckpointIO
internal import Evaluation
internal import ModelZoo
internal import StrictJSON
internal import TensorCore

extension RefusalDetails {
    /// The parts of a refusal as a program reads them: what was typed is no path, and variants have their factors.
    ///
    /// - Parameters:
    ///   - isFinding: whether the exit code says that a check found something.
    ///   - registry: the variants that are known to the run.
    init(_ error: any Refusal, isFinding: Bool, registry: Registry?) {
        self = error.details
        if let error = error as? CheckpointError { place.leaveOutWords(error.fault) }
        if let registry, kind == .unknownVariant || kind == .ambiguousVariant {
            candidates = candidates.map { $0.asVariant(registry) }
        }
        if isFinding { kind = .finding }
    }
}

extension RefusalDetails.Place {
    /// Where there is no file, errors are placed at a flag or a command: a flag is no path, and a command is no place.
    fileprivate mutating func leaveOutWords(_ fault: any Fault) {
        guard let words = path else { return }
        let isOfCommand =
            (fault as? RegistryFault)?.isWrongUsage == true || fault as? EvaluationFault == .noModels
        guard words.hasPrefix("--") || isOfCommand else { return }
        path = nil
        if words.hasPrefix("--") { option = Words(words) }
    }
}

extension RefusalDetails.Candidate {
    fileprivate func asVariant(_ registry: Registry) -> RefusalDetails.Candidate {
        guard case .name(let name) = self, let variant = try? registry.variant(named: name) else { return self }
        return .variant(variant.name, scalingFactor: variant.config.scalingFactor)
    }
}

extension RefusalDetails {
    /// The parts as `--json` has them: a place has what is known of it, and nothing else.
    var document: JSONValue {
        [
            "kind": .string(kind.rawValue), "message": .string(message.forProgram),
            "place": place.isEmpty ? .null : .object(place.members),
            "remedy": JSONValue(remedy?.forProgram),
            // A file may hold two hundred thousand names.
            "candidates": .array(candidates.prefix(100).map(\.document)),
        ]
    }
}

extension RefusalDetails.Place {
    fileprivate var members: [JSONValue.Member] {
        let texts = [
            ("path", path), ("entry", entry), ("tensor", tensor), ("layer", layer),
            ("option", option?.forProgram),
        ]
        let known = texts.compactMap { key, text in text.map { JSONValue.Member(key, .string($0)) } }
        return known + (offset.map { [.init("offset", .integer($0))] } ?? [])
    }
}

extension RefusalDetails.Candidate {
    fileprivate var document: JSONValue {
        switch self {
        case .variant(let name, let factor): ["variant": .string(name), "scaling_factor": JSONValue(factor)]
        case .name(let name): ["name": .string(name)]
        }
    }
}
