internal import ArgumentParser
internal import CheckpointIO
internal import Evaluation
internal import Files
internal import Inference
internal import Perception
internal import TensorCore

/// The weights of the networks that pictures are judged with, and the reference of FID.
struct ForeignWeightsArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The weights of LPIPS: AlexNet's and the heads' files, one after the other, or a folder with both.",
            valueName: "path"
        ),
        completion: .file()
    )
    var lpipsWeights: [String] = []

    @Option(
        help: ArgumentHelp("The weights of pytorch-fid's Inception, for rFID.", valueName: "file"),
        completion: .file()
    )
    var fidWeights: String?

    @Option(
        help: ArgumentHelp(
            "An .npz with mu and sigma of the originals: read if it exists, otherwise written.",
            valueName: "npz"
        ),
        completion: .file(extensions: ["npz"])
    )
    var fidReference: String?

    @Flag(help: "Leave out LPIPS, even if its weights are found.")
    var noLpips = false

    @Flag(help: "Leave out rFID, even if its weights are found.")
    var noFid = false

    func validate() throws {
        if noLpips, !lpipsWeights.isEmpty { throw ValidationError("--no-lpips and --lpips-weights exclude each other") }
        if noFid, fidWeights != nil || fidReference != nil {
            throw ValidationError("--no-fid excludes --fid-weights and --fid-reference")
        }
    }

    /// Whether anything is given that says how to measure.
    var areGiven: Bool { !lpipsWeights.isEmpty || fidWeights != nil || noLpips || noFid }

    /// The networks whose weights were found.
    struct Networks {
        let lpips: PerceptualDistance?
        let inception: InceptionNetwork?
    }

    /// Opens the weights that are named, else those in torch's cache, and says which they are.
    func load(_ common: CommonOptions) throws -> Networks {
        let search = WeightsSearch()
        let files = noLpips ? nil : try search.lpips(lpipsWeights)
        let lpips = try files.map { try PerceptualDistance(network: $0.network, heads: $0.heads) }
        let inceptionFile = noFid ? nil : try search.inception(fidWeights)
        let inception = try inceptionFile.map { try InceptionNetwork($0) }
        let opened = [files?.network, files?.heads, inceptionFile].compactMap(\.self)
        for file in opened {
            common.say(["\(file.identity.text) from \(file.path.escaped(limit: 200))"])
        }
        let missing = (lpips == nil && !noLpips ? ["LPIPS"] : []) + (inception == nil && !noFid ? ["rFID"] : [])
        if !missing.isEmpty {
            common.say([
                "\(missing.joined(separator: " and ")) \(missing.count > 1 ? "are" : "is") skipped, because no weights were found: "
                    + "see --lpips-weights and --fid-weights"
            ])
        }
        return Networks(lpips: lpips, inception: inception)
    }

    /// What FID is taken against.
    struct Reference {
        /// What a file holds; nil to take the originals.
        var statistics: FeatureStatistics?
        /// The file to make of the originals.
        var toMake: String?

        /// Warns of statistics that were made otherwise than what is measured against them: FID would compare the ways.
        func warn(_ subject: EvaluationSubject, _ path: String?, _ common: CommonOptions) {
            guard let statistics, let path else { return }
            let words = subject.differences(from: statistics)
            guard !words.isEmpty else { return }
            let line = "\(path.escaped(limit: 200)) was made otherwise: \(words.joined(separator: "; "))"
            Terminal.warn(.measurement, line, isSaid: !common.quiet)
        }
    }

    /// The statistics of a file that is there, or the name of the one to make.
    ///
    /// - Parameter hasModels: whether there is anything to take against the reference: else it can only be made.
    func reference(_ networks: Networks, hasModels: Bool, force: Bool) throws -> Reference {
        guard let path = fidReference else {
            guard hasModels else { throw CheckpointError("eval", .file, EvaluationFault.noModels) }
            return Reference()
        }
        guard networks.inception != nil else { throw CheckpointError(path, .file, EvaluationFault.noFeatures) }
        if hasModels, FileIdentity(path: path) != nil {
            return Reference(statistics: try FeatureStatistics(reading: path))
        }
        try OutputTarget.check(path, force: force)
        return Reference(toMake: path)
    }

    /// The same for parts that were measured before: they say whether they need one.
    func reference(for part: EvaluationPart, force: Bool) throws -> Reference {
        guard let path = fidReference else { return Reference() }
        guard part.subject.hasFeatures else { throw CheckpointError(path, .file, EvaluationFault.noFeatures) }
        if part.subject.referenceDigest != nil { return Reference(statistics: try FeatureStatistics(reading: path)) }
        try OutputTarget.check(path, force: force)
        return Reference(toMake: path)
    }

    /// Makes the file of the originals' statistics.
    func write(_ part: EvaluationPart, to path: String, force: Bool, durability: Durability) throws {
        var statistics = try FeatureStatistics(part.originalFeatures)
        statistics.origin = part.subject.origin(pictureCount: part.records.count)
        let archive = statistics.archive
        let file = try WholeFile(path, force: force, durability: durability)
        let bytes = Array(archive.parts.joined())
        try bytes.withBytes { bytes throws(CheckpointError) in try file.write([bytes]) }
    }
}
