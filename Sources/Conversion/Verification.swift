package import CheckpointIO
package import ModelZoo
internal import StrictJSON
internal import Synchronization
internal import TensorCore

/// A checkpoint held against its architecture: everything that is not as it should be.
package struct Verification: Sendable {
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
    /// The tensors that were looked at, and the bytes of them that were read.
    package let tensorCount: Int
    package let byteCount: Int

    /// Whether any finding is an error.
    package var hasFailed: Bool { findings.contains { $0.severity == .error } }

    /// Verifies a checkpoint.
    ///
    /// - Parameters:
    ///   - variant: what it should be; nil to find out.
    ///   - config: the configuration that it should have; nil to take the variant's, or that of the config.json beside it.
    /// - Throws: where it is no DC-AE at all, or cannot be read.
    package static func verify(
        _ checkpoint: Checkpoint,
        variant: Variant?,
        config: AutoencoderDCConfig?,
        registry: Registry,
        progress: (@Sendable (Int) -> Void)? = nil
    ) throws(CheckpointError) -> Verification {
        let match = StructureMatch(checkpoint, registry: registry)
        guard let layout = match.layout else {
            throw CheckpointError(checkpoint.path, .file, ConversionFault.notDCAE(match.mismatch))
        }
        let neighbour = try Provenance.neighbourConfig(checkpoint)
        let subject = Subject(checkpoint, layout, match, neighbour, variant, config, registry)
        var findings = subject.structureFindings()
        findings += try nonFinite(checkpoint, progress: progress)
        findings += try subject.configFindings()
        return Verification(
            reference: subject.name,
            layout: layout,
            findings: findings,
            tensorCount: checkpoint.tensors.count,
            byteCount: checkpoint.byteCount
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
        _ checkpoint: Checkpoint,
        progress: (@Sendable (Int) -> Void)?
    ) throws(CheckpointError) -> [Finding] {
        let step = 1 << 20
        var pieces: [(tensor: Int, start: Int, count: Int)] = []
        for (number, tensor) in checkpoint.tensors.enumerated() where tensor.descriptor.dtype.isWeightFormat {
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
            progress?(piece.count)
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
    let checkpoint: Checkpoint
    let layout: Layout
    let neighbour: Provenance.NeighbourConfig?
    let registry: Registry
    /// The variants that it can be, or the one that it should be.
    let variants: [Variant]
    let config: AutoencoderDCConfig?
    let name: String

    init(
        _ checkpoint: Checkpoint,
        _ layout: Layout,
        _ match: StructureMatch,
        _ neighbour: Provenance.NeighbourConfig?,
        _ variant: Variant?,
        _ config: AutoencoderDCConfig?,
        _ registry: Registry
    ) {
        self.checkpoint = checkpoint
        self.layout = layout
        self.neighbour = neighbour
        self.registry = registry
        if let config {
            (variants, self.config, name) = ([], config, "the given configuration")
        } else if let variant {
            (variants, self.config, name) = ([variant], variant.config, variant.name)
        } else if !match.variants.isEmpty {
            variants = match.variants
            self.config = match.variants[0].config
            name = match.variants.map(\.name).joined(separator: " or ")
        } else if case .diffusers(let reading)? = neighbour {
            (variants, self.config, name) = ([], reading.config, "its own config.json")
        } else {
            let nearest = registry.variants.min {
                let count = { (variant: Variant) in
                    StructureReport(checkpoint, NetworkDescription(variant.config), layout).faults.count
                }
                return count($0) < count($1)
            }
            variants = nearest.map { [$0] } ?? []
            self.config = nearest?.config
            name = (nearest?.name ?? "nothing") + ", the nearest variant"
        }
    }

    func structureFindings() -> [Verification.Finding] {
        guard let config else { return [] }
        var findings = StructureReport(checkpoint, NetworkDescription(config), layout).faults.map {
            Verification.Finding(severity: .error, place: $0.tensor, message: $0.message)
        }
        let dtypes = Set(checkpoint.tensors.map(\.descriptor.dtype).filter(\.isWeightFormat))
        if dtypes.count > 1 {
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
                    message: "no {\"format\": \"pt\"} in the metadata, which some loaders ask for"
                )
            )
        }
        return findings
    }

    func configFindings() throws(CheckpointError) -> [Verification.Finding] {
        func finding(_ severity: Verification.Finding.Severity, _ message: String) -> Verification.Finding {
            .init(severity: severity, place: "config.json", message: message)
        }
        switch neighbour {
        case nil:
            let message =
                layout == .diffusers
                ? "missing beside the weights: diffusers needs it"
                : "missing beside the weights: it would name the model"
            return [finding(layout == .diffusers ? .error : .warning, message)]
        case .other(let error):
            return [finding(.error, error.fault.message)]
        case .modelName(let name):
            if layout == .diffusers {
                return [finding(.error, "an original repository's, beside weights in the diffusers layout")]
            }
            if !variants.isEmpty, let named = try? registry.variant(named: name),
                !variants.contains(where: { $0.name == named.name })
            {
                return [finding(.error, "model_name is \(name.escaped()), but the tensors are those of \(self.name)")]
            }
            return []
        case .diffusers(let reading):
            let shared = ConfigSubject(variants: variants, config: config, registry: registry).findings(reading)
            guard layout == .original else { return shared }
            return [finding(.warning, "a diffusers configuration, beside weights in the original layout")] + shared
        }
    }
}
