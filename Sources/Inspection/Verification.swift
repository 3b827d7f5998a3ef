package import CheckpointIO
package import ModelZoo
package import Models
internal import StrictJSON
internal import Synchronization
internal import TensorCore

/// A checkpoint held against its architecture: everything that is not as it should be.
package struct Verification: Sendable {
    /// The reference of weights that match no network.
    package static let noReference = "no network"

    /// Something that is not as it should be.
    package struct Finding: Sendable, Equatable {
        /// Whether a program that loads the checkpoint could go on as if nothing were wrong.
        package enum Severity: String, Sendable {
            case error, warning
        }

        package let severity: Severity
        /// A tensor's name, or `config.json`.
        package let place: String
        package let message: String
    }

    /// What the checkpoint was held against.
    package let reference: String
    /// The layout of its names.
    package let layout: Layout
    /// What was found, tensors in module order, then values, then the configuration.
    package let findings: [Finding]
    /// The tensors that were looked at, and the bytes of them that were read: none of a model elsewhere.
    package let tensorCount: Int
    package let byteCount: Int

    /// Whether any finding is an error.
    package var hasFailed: Bool { findings.contains { $0.severity == .error } }

    /// Holds a model against the network that it should be: the one that the user names, its own, or the nearest that is known.
    ///
    /// - Throws: where it is no DC-AE at all, or cannot be read.
    package static func verify(
        _ model: OpenedModel,
        progress: (@Sendable (Int) throws(CheckpointError) -> Void)? = nil
    ) throws(CheckpointError) -> Verification {
        guard let layout = model.layout else { throw model.error(model.problem ?? .notDCAE(model.mismatch)) }
        switch model.problem {
        case .other(let other)?: throw model.error(ModelFault.other(other))
        case .pipeline(let pipeline)?: throw model.error(ModelFault.pipeline(pipeline))
        case .several(let sections)?: throw model.error(ModelFault.several(sections))
        default: break
        }
        let subject = Subject(model, layout)
        var findings = subject.structureFindings()
        // What lies on the Hub is looked at, not fetched.
        if !model.isElsewhere {
            findings += try nonFinite(model, progress: progress)
            findings += try model.checkpoint.damage().map { damage in
                let isError = damage.kind == .checksum || damage.kind == .zeroTail
                return Finding(severity: isError ? .error : .warning, place: damage.place, message: damage.message)
            }
        }
        findings += subject.configFindings()
        return Verification(
            reference: subject.name,
            layout: layout,
            findings: findings,
            tensorCount: model.checkpoint.tensors.count,
            byteCount: model.isElsewhere ? 0 : model.checkpoint.byteCount
        )
    }

    /// What is wrong with a config.json by itself.
    package static func configFindings(
        _ reading: AutoencoderDCConfig.Reading,
        expected: Variant?,
        registry: Registry
    ) -> [Finding] {
        ConfigSubject(variants: expected.map { [$0] } ?? [], config: expected?.config, registry: registry)
            .findings(reading)
    }

    private static func nonFinite(
        _ model: OpenedModel,
        progress: (@Sendable (Int) throws(CheckpointError) -> Void)?
    ) throws(CheckpointError) -> [Finding] {
        let checkpoint = model.checkpoint
        // Counters never decide, whatever they are stored as.
        let counters = model.counters
        let step = 1 << 20
        var pieces: [(tensor: Int, start: Int, count: Int)] = []
        for (number, tensor) in checkpoint.tensors.enumerated()
        where tensor.descriptor.dtype.isWeightFormat && counters[UTF8Name(tensor.descriptor.name)] == nil {
            for start in stride(from: 0, to: tensor.byteCount, by: step) {
                pieces.append((number, start, min(step, tensor.byteCount - start)))
            }
        }
        let counts = Mutex<[Int: NonFiniteCount]>([:])
        try Workers.forEach(pieces.count) { [pieces] index throws(CheckpointError) in
            let piece = pieces[index]
            let tensor = checkpoint.tensors[piece.tensor]
            let buffer = Buffer(count: piece.count)
            let bytes = buffer[0..<piece.count]
            try checkpoint.read(tensor, from: piece.start, into: bytes)
            let found = NumberFormat.countNonFinite(UnsafeRawBufferPointer(bytes), of: tensor.descriptor.dtype)
            if found != NonFiniteCount() { counts.withLock { $0[piece.tensor, default: NonFiniteCount()] += found } }
            try progress?(piece.count)
        }
        let found = counts.withLock { $0 }
        return found.sorted { $0.key < $1.key }.map { number, count in
            let total = checkpoint.tensors[number].descriptor.shape.elementCount ?? 0
            return Finding(
                severity: .error,
                place: checkpoint.tensors[number].descriptor.name,
                message: "\(count.nan) NaN and \(count.infinite) infinite of \(total) values"
            )
        }
    }
}

/// The checkpoint and what it is held against.
private struct Subject {
    let model: OpenedModel
    let layout: Layout
    /// The variants that it can be, or the one that it should be.
    let variants: [Variant]
    let config: AutoencoderDCConfig?
    let name: String

    init(_ model: OpenedModel, _ layout: Layout) {
        self.model = model
        self.layout = layout
        let own = model.surroundings.config.ownConfig?.config
        if let config = model.hints.config?.config {
            (variants, self.config, name) = ([], config, "the given configuration")
        } else if let variant = model.hints.variant {
            (variants, self.config, name) = ([variant], variant.config, variant.name)
        } else if let variant = model.variant {
            (variants, self.config, name) = ([variant], variant.config, variant.name)
        } else if !model.structural.isEmpty {
            variants = model.structural
            self.config = variants[0].config
            name = variants.map(\.name).joined(separator: " or ")
        } else if let own {
            (variants, self.config, name) = ([], own, "its own config.json")
        } else {
            let faults = model.registry.variants.map { variant in
                (variant, StructureReport(model.checkpoint, NetworkDescription(variant.config), layout).faults.count)
            }
            let nearest = faults.min { $0.1 < $1.1 }
            // What shares less than half of its tensors with every variant is near to none of them.
            if let nearest, 2 * nearest.1 <= model.checkpoint.tensors.count {
                (variants, self.config, name) = (
                    [nearest.0], nearest.0.config, nearest.0.name + ", the nearest variant"
                )
            } else {
                (variants, self.config, name) = ([], nil, Verification.noReference)
            }
        }
    }

    func structureFindings() -> [Verification.Finding] {
        guard let config else {
            let message = "the weights match no known variant, and no usable config.json describes them"
            return [.init(severity: .error, place: "weights", message: message)]
        }
        let checkpoint = model.checkpoint
        var findings = StructureReport(checkpoint, NetworkDescription(config), layout, part: model.part).faults.map {
            Verification.Finding(severity: .error, place: $0.tensor, message: $0.message)
        }
        if model.part != .whole {
            let message = "the \(model.part.rawValue) alone, not the whole autoencoder"
            findings.append(.init(severity: .error, place: "weights", message: message))
        }
        findings += model.rest.map {
            .init(severity: .warning, place: $0, message: "not part of the network")
        }
        let dtypes = Set(checkpoint.tensors.map(\.descriptor.dtype).filter(\.isWeightFormat))
        if dtypes.count > 1, model.report?.oddCounters.isEmpty != false {
            let names = dtypes.sorted().map(\.rawValue).joined(separator: " and ")
            findings.append(
                .init(severity: .warning, place: "weights", message: "stored in more than one dtype: \(names)")
            )
        }
        if layout == .diffusers, checkpoint.format == .safetensors,
            !checkpoint.metadata.contains(where: { $0.key == "format" && $0.value == "pt" })
        {
            findings.append(
                .init(
                    severity: .warning,
                    place: "weights",
                    message: "no {\"format\": \"pt\"} in the metadata, which some loaders require"
                )
            )
        }
        return findings
    }

    func configFindings() -> [Verification.Finding] {
        func finding(_ severity: Verification.Finding.Severity, _ message: String) -> Verification.Finding {
            .init(severity: severity, place: "config.json", message: message)
        }
        func compared(_ reading: AutoencoderDCConfig.Reading) -> [Verification.Finding] {
            ConfigSubject(variants: variants, config: config, registry: model.registry).findings(reading)
        }
        switch model.surroundings.config.content {
        case .absent:
            guard layout == .diffusers else {
                return [finding(.warning, "missing; it should be beside the weights to name the model")]
            }
            // A file of another name is none that diffusers loads where it lies.
            let isFolder = ModelFolder.isFolder(model.checkpoint.path)
            let isNamedSo = ModelFolder.name(of: model.checkpoint.path).hasPrefix("diffusion_pytorch_model")
            return [
                finding(isFolder || isNamedSo ? .error : .warning, "missing; diffusers needs it beside the weights")
            ]
        case .unreadable(let error):
            return [finding(.error, error.fault.message)]
        case .original(let own):
            if layout == .diffusers {
                return [finding(.error, "it is an original repository's, but the weights are in the diffusers layout")]
            }
            var named: [Verification.Finding] = []
            if !variants.isEmpty, let variant = model.registry.known(own.modelName),
                !variants.contains(where: { $0.name == variant.name })
            {
                let message = "model_name is \(own.modelName.escaped()), but the tensors are those of \(self.name)"
                named = [finding(.error, message)]
            }
            guard let inner = own.diffusers else { return named }
            var findings = named + compared(inner)
            if let factor = own.scalingFactor, let other = inner.config.scalingFactor, factor != other {
                findings.append(finding(.error, "scaling_factor is \(factor), but \(other) in its diffusers_config"))
            }
            let other = model.registry.known(own.modelName)
            if named.isEmpty, let other, other.config.architecture != inner.config.architecture {
                findings.append(
                    finding(.error, "model_name is \(other.name), but its diffusers_config describes another network")
                )
            }
            return findings
        case .diffusers(let reading):
            let shared = compared(reading)
            // The original's loader builds its networks from names; a network without one is described in full.
            guard layout == .original, !variants.isEmpty else { return shared }
            return [finding(.warning, "it is a diffusers configuration, but the weights are in the original layout")]
                + shared
        }
    }
}
