internal import CheckpointIO
internal import DCAENetwork
package import ModelZoo
internal import Models
internal import StrictJSON
internal import TensorCore

/// What the file of a latent says of it: written by `encode` into the metadata of safetensors, read by `decode`.
package struct LatentNote: Sendable, Equatable {
    /// A picture that a latent was made of.
    package struct Picture: Sendable, Equatable {
        /// Width and height as it was read.
        package var size: [Int]
        /// Width and height at which the network saw it.
        package var networkSize: [Int]
        /// Where in that the picture is: column, row, width and height.
        package var content: [Int]
        /// How it was made to fit: as `--fit` says, or `square` for `--size`.
        package var fit: String

        package init(size: [Int], networkSize: [Int], content: [Int], fit: String) {
            self.size = size
            self.networkSize = networkSize
            self.content = content
            self.fit = fit
        }
    }

    /// What people call the model.
    package var model: String
    /// The variant that it is, where that is settled.
    package var variant: String?
    /// What tells its encoder from others, by the names and shapes of its tensors; nil where that was not noted.
    package var encoder: String?
    /// The factor between the picture's sides and the latent's.
    package var compression: Int
    /// The channels of the model's latents, of which this may have the first alone.
    package var channels: Int
    /// How it was normalised; nil where it is as it came from the encoder.
    package var normalization: LatentNormalization?
    /// The pictures, one for each latent of the batch; nil for what came from a tensor.
    package var pictures: [Picture?]

    /// The name of the tensor that it speaks of.
    package static let tensorName = "latent"

    package init(
        model: String,
        variant: String?,
        encoder: String? = nil,
        compression: Int,
        channels: Int,
        normalization: LatentNormalization?,
        pictures: [Picture?]
    ) {
        self.model = model
        self.variant = variant
        self.encoder = encoder
        self.compression = compression
        self.channels = channels
        self.normalization = normalization
        self.pictures = pictures
    }
}

extension LatentNote {
    /// What a latent of a model is noted as.
    package init(of model: LoadedModel, _ normalization: LatentNormalization?) {
        self.init(
            model: model.source.name,
            variant: model.source.variant?.name,
            encoder: NetworkDescription(model.network.config).encoderMark,
            compression: model.network.spatialCompressionRatio,
            channels: model.network.config.latentChannels,
            normalization: normalization,
            pictures: []
        )
    }

    // MARK: Metadata

    private static let prefix = "dcae."
    private static let pictureLimit = 1 << 16

    /// The metadata of the file.
    package var metadata: [(key: String, value: String)] {
        var members = [("model", model), ("compression", "\(compression)"), ("channels", "\(channels)")]
        if let variant { members.append(("variant", variant)) }
        if let encoder { members.append(("encoder", encoder)) }
        members.append(("scaled", normalization == nil ? "false" : "true"))
        if let normalization { members.append(("normalization", JSONWriter.inline(.object(normalization.members)))) }
        if pictures.contains(where: { $0 != nil }) {
            members.append(("pictures", JSONWriter.inline(.array(pictures.map { $0?.json ?? .null }))))
        }
        return members.map { (Self.prefix + $0.0, $0.1) }
    }

    /// Reads the metadata of a file.
    ///
    /// - Parameter latentChannels: the channels that the latent has.
    /// - Returns: nil where nothing is noted.
    /// - Throws: `InferenceFault.latentNote` for a note that contradicts itself or the latent.
    init?(_ metadata: [JSONValue.Member], latentChannels: Int) throws(InferenceFault) {
        func text(_ name: String) -> String? { metadata.first { $0.key == Self.prefix + name }?.value.string }
        guard let scaled = text("scaled") else { return nil }
        func wrong(_ name: String) -> InferenceFault {
            .latentNote("\(Self.prefix)\(name) is \"\((text(name) ?? "").escaped(limit: 40))\"")
        }
        func count(_ name: String) throws(InferenceFault) -> Int {
            guard let found = text(name).flatMap({ Int($0) }), (1...1 << 20).contains(found) else { throw wrong(name) }
            return found
        }
        guard let isScaled = ["true": true, "false": false][scaled] else { throw wrong("scaled") }
        model = text("model") ?? ""
        variant = text("variant")
        encoder = text("encoder")
        compression = try count("compression")
        channels = try count("channels")
        normalization = nil
        if isScaled {
            do throws(ConfigFault) {
                guard let value = Self.value(text("normalization")) else { throw .json("none") }
                let read = try LatentNormalization(reading: value)
                try read.check(channels: latentChannels)
                guard read.factor != nil else { throw .json("none") }
                normalization = read
            } catch {
                throw wrong("normalization")
            }
        }
        pictures = []
        guard let noted = text("pictures") else { return }
        guard let list = Self.value(noted)?.array, list.count <= Self.pictureLimit else { throw wrong("pictures") }
        for value in list {
            let picture = Picture(value)
            guard picture != nil || value == .null else { throw wrong("pictures") }
            pictures.append(picture)
        }
    }

    private static func value(_ text: String?) -> JSONValue? {
        text.flatMap { try? JSONReader.read(Array($0.utf8)) }
    }

    // MARK: What follows for decoding

    /// What a latent has to be brought back by.
    ///
    /// - Parameters:
    ///   - note: what its file says, if anything.
    ///   - asked: what the user asks for; nil where nothing is asked.
    ///   - channels: the channels that it has.
    /// - Throws: `InferenceFault` where the two contradict each other.
    static func inverse(
        _ note: LatentNote?,
        asked: LatentNormalization?,
        channels: Int
    ) throws(InferenceFault) -> LatentNormalization? {
        let asked = asked?.first(channels)
        guard let note else { return asked }
        guard let own = note.normalization else {
            if asked != nil { throw .latentIsNotScaled }
            return nil
        }
        guard let asked, !asked.isSame(own) else { return own }
        throw .latentIsScaledOtherwise(found: own.formula(), asked: asked.formula())
    }

    /// What there is to warn of where a latent is decoded by a model: that it is another's, or was scaled otherwise.
    package func warning(for loaded: LoadedModel) -> String? {
        let model = loaded.source
        let own = loaded.network.spatialCompressionRatio
        let whose = (variant ?? self.model).escaped(limit: 60)
        if compression != own || channels != loaded.network.config.latentChannels {
            return "it is a latent of \(whose), of another network: f\(compression)c\(channels); this one is "
                + "f\(own)c\(loaded.network.config.latentChannels)"
        }
        let possible = model.candidates.isEmpty ? model.structural : model.candidates
        if let variant, let known = model.registry.known(variant), !possible.isEmpty {
            let related = ([known] + model.registry.variants(withEncoderOf: known)).map(\.name)
            if !possible.contains(where: { related.contains($0.name) }) {
                return "it is a latent of \(whose), but this model is \(possible.map(\.name).joined(separator: " or "))"
            }
        }
        if let encoder, encoder != NetworkDescription(loaded.network.config).encoderMark {
            return "it is a latent of \(whose), whose encoder has different tensors than this model's"
        }
        guard let scaled = normalization, let usual = try? model.normalization,
            !usual.first(scaled.means?.count ?? 0).isSame(scaled)
        else { return nil }
        return "it was scaled as \(scaled.formula()), but latents of this model are scaled as \(usual.formula())"
    }

    /// Where in a sample the picture is that a latent was made of, where that is not all of it.
    func content(_ index: Int, width: Int, height: Int) -> (x: Int, y: Int, width: Int, height: Int)? {
        guard index < pictures.count, let picture = pictures[index], picture.networkSize == [width, height] else {
            return nil
        }
        let area = picture.content
        guard area != [0, 0, width, height], area[0] >= 0, area[1] >= 0, area[2] > 0, area[3] > 0,
            area[0] <= width, area[1] <= height, area[2] <= width - area[0], area[3] <= height - area[1]
        else { return nil }
        return (area[0], area[1], area[2], area[3])
    }
}

extension LatentNote.Picture {
    var json: JSONValue {
        [
            "size": JSONValue(size), "network_size": JSONValue(networkSize), "content": JSONValue(content),
            "fit": .string(fit),
        ]
    }

    init?(_ value: JSONValue) {
        func numbers(_ name: String, _ count: Int) -> [Int]? {
            guard let list = value[name]?.array, list.count == count else { return nil }
            let numbers = list.compactMap(\.integer)
            return numbers.count == count && numbers.allSatisfy { (0...1 << 20).contains($0) } ? numbers : nil
        }
        guard let size = numbers("size", 2), let networkSize = numbers("network_size", 2),
            let content = numbers("content", 4), let fit = value["fit"]?.string
        else { return nil }
        self.init(size: size, networkSize: networkSize, content: content, fit: fit)
    }
}

extension NetworkDescription {
    /// The beginning of the digest of its encoder's names and shapes.
    fileprivate var encoderMark: String {
        let lines = parameters.filter(\.isEncoder).map { "\($0.original.name) \($0.original.shape)\n" }
        return String(SHA256.hex(Array(lines.joined().utf8)).prefix(16))
    }
}

extension LatentNormalization {
    /// Whether two do the same to a latent: a factor of 1 is as good as none beside means.
    fileprivate func isSame(_ other: LatentNormalization) -> Bool {
        isAlikeBesideFactor(other) && factor == other.factor
    }
}
