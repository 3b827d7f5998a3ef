internal import Calibration
package import CheckpointIO
internal import Images
internal import Inference
internal import Pages
internal import Perception
internal import StrictJSON

extension EvaluationPart {
    /// Reads a file that a run wrote.
    ///
    /// - Throws: `CalibrationFault.notPartial` for anything else.
    package static func read(_ path: String) throws(CheckpointError) -> EvaluationPart {
        try PartFields.read(path, format: format, version: version, command: command) { value throws(Malformed) in
            try EvaluationPart(value)
        }
    }

    private typealias Malformed = PartFields.Malformed

    private init(_ value: JSONValue) throws(Malformed) {
        guard let shard = value["shard"]?.string.flatMap({ Shard($0) }) else { throw Malformed("shard") }
        self.init(subject: try EvaluationSubject(reading: value["measured"]), shard: shard)
        let keys = try PartFields.texts(value["pictures"]?["keys"], "pictures.keys")
        let samples = try Self.counts(value["pictures"]?["samples"], "pictures.samples", keys.count)
        guard samples.allSatisfy({ $0 > 0 }) else { throw Malformed("pictures.samples") }
        let digests = try PartFields.texts(value["pictures"]?["sha256"], "pictures.sha256")
        guard digests.count == keys.count else { throw Malformed("pictures.sha256") }
        let hasOwn = subject.hasOwnFeatures
        let features = try Self.features(value["pictures"]?["features"], "pictures.features", hasOwn ? keys.count : 0)
        if hasOwn, features.contains(where: \.isEmpty) { throw Malformed("pictures.features") }
        records = keys.indices.map { index in
            PictureRecord(
                key: keys[index],
                digest: digests[index],
                sampleCount: samples[index],
                sides: [],
                features: hasOwn ? features[index] : []
            )
        }
        guard let sides = value["sides"]?.array, sides.count == subject.sides.count else { throw Malformed("sides") }
        for (side, found) in zip(subject.sides, sides) { try add(found, hasLatent: !side.fingerprint.isEmpty) }
        unreadable = try PartFields.unreadable(value)
        try checkPictures(value)
    }

    private mutating func add(_ value: JSONValue, hasLatent: Bool) throws(Malformed) {
        let count = records.count
        let failures = try Self.failures(value["failures"], count)
        let digests = try PartFields.texts(value["sha256"], "sha256")
        guard digests.count == (hasLatent ? 0 : count) else { throw Malformed("sha256") }
        let errors = try Self.counts(value["squared_errors"], "squared_errors", count)
        let castErrors = try Self.optionals(value["cast_errors"], "cast_errors", count).map { error in
            error.flatMap { Int(exactly: $0) }
        }
        guard castErrors.allSatisfy({ $0 ?? 0 >= 0 }) else { throw Malformed("cast_errors") }
        let ssim = try Self.optionals(value["ssim"], "ssim", count)
        let multiscale = try Self.optionals(value["ms_ssim"], "ms_ssim", count)
        let lpips = try Self.optionals(value["lpips"], "lpips", count)
        let latentCount = hasLatent ? count : 0
        let counts = try Self.counts(value["latent_counts"], "latent_counts", latentCount)
        let sums = try PartFields.numbers(value["latent_sums"], "latent_sums", count: latentCount)
        let squares = try PartFields.numbers(value["latent_squares"], "latent_squares", count: latentCount)
        let features = try Self.features(value["features"], "features", subject.hasFeatures ? count : 0)
        // A picture's bytes differ by 255 at the most.
        // Only what could not be measured has no features.
        for (failure, row) in zip(failures, features) where (failure == nil) == row.isEmpty {
            throw Malformed("features")
        }
        for (index, error) in errors.enumerated() where error / 65_025 > records[index].sampleCount {
            throw Malformed("squared_errors")
        }
        for index in records.indices {
            records[index].sides.append(
                PictureRecord.Side(
                    squaredError: errors[index],
                    castError: castErrors[index],
                    ssim: ssim[index],
                    multiscaleSSIM: multiscale[index],
                    lpips: lpips[index],
                    latent: hasLatent && failures[index] == nil
                        ? .init(count: counts[index], sum: sums[index], squares: squares[index]) : nil,
                    features: subject.hasFeatures ? features[index] : [],
                    digest: hasLatent ? "" : digests[index],
                    failure: failures[index]
                )
            )
        }
    }

    private static func counts(_ value: JSONValue?, _ field: String, _ count: Int) throws(Malformed) -> [Int] {
        let found = value?.array?.compactMap(\.integer).filter { $0 >= 0 }
        guard let found, found.count == value?.array?.count, found.count == count else { throw Malformed(field) }
        return found
    }

    private static func optionals(_ value: JSONValue?, _ field: String, _ count: Int) throws(Malformed) -> [Double?] {
        guard let elements = value?.array, elements.count == count else { throw Malformed(field) }
        var found: [Double?] = []
        for element in elements {
            guard element == .null || element.number?.isFinite == true else { throw Malformed(field) }
            found.append(element.number)
        }
        return found
    }

    private static func failures(_ value: JSONValue?, _ count: Int) throws(Malformed) -> [String?] {
        guard let elements = value?.array, elements.count == count,
            elements.allSatisfy({ $0 == .null || $0.string != nil })
        else { throw Malformed("failures") }
        return elements.map(\.string)
    }

    private static func features(_ value: JSONValue?, _ field: String, _ count: Int) throws(Malformed) -> [[Float]] {
        let texts = try PartFields.texts(value, field)
        guard texts.count == count else { throw Malformed(field) }
        var rows: [[Float]] = []
        for text in texts {
            if text.isEmpty {
                rows.append([])
                continue
            }
            guard let bytes = Base64.decode(text), bytes.count == 4 * InceptionNetwork.featureCount else {
                throw Malformed(field)
            }
            let row = bytes.withUnsafeBytes { bytes in
                (0..<InceptionNetwork.featureCount).map { index in
                    Float(
                        bitPattern: UInt32(
                            littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
                        )
                    )
                }
            }
            guard row.allSatisfy(\.isFinite) else { throw Malformed(field) }
            rows.append(row)
        }
        return rows
    }
}

extension EvaluationSubject {
    private static func cast(_ value: JSONValue?) throws(PartFields.Malformed) -> Cast? {
        guard let value, value != .null else { return nil }
        guard let format = value["format"]?.string, let overflows = value["overflows"]?.integer,
            let underflows = value["underflows"]?.integer, overflows >= 0, underflows >= 0
        else { throw PartFields.Malformed("measured.models.cast") }
        return Cast(format: format, overflows: overflows, underflows: underflows)
    }

    /// Reads what `document` writes.
    init(reading value: JSONValue?) throws(PartFields.Malformed) {
        func malformed(_ field: String) -> PartFields.Malformed { PartFields.Malformed("measured." + field) }
        guard let value, value["protocol"]?.integer == Self.protocolVersion else { throw malformed("protocol") }
        guard let program = value["program"]?.string, let count = value["pictures"]?.integer,
            (1...(1 << 40)).contains(count), let digest = value["names_sha256"]?.string
        else { throw malformed("pictures") }
        let size = value["size"]?.integer
        guard let name = value["crop"]?.string, size.map({ (1...(1 << 20)).contains($0) }) ?? (value["size"] == .null),
            let crop = SquareCrop(rawValue: size == nil ? SquareCrop.adm.rawValue : name)
        else { throw malformed("size or crop") }
        var sides: [Side] = []
        for side in value["models"]?.array ?? [] {
            guard let label = side["name"]?.string else { throw malformed("models") }
            sides.append(
                Side(
                    label: label,
                    variant: side["variant"]?.string,
                    fingerprint: side["parameters_sha256"]?.string ?? "",
                    precision: side["precision"]?.string ?? "",
                    cast: try Self.cast(side["cast"])
                )
            )
        }
        var weights: [WeightsIdentity] = []
        for file in value["weights"]?.array ?? [] {
            guard let network = file["network"]?.string, let sha256 = file["sha256"]?.string else {
                throw malformed("weights")
            }
            weights.append(
                WeightsIdentity(network: network, sha256: sha256, published: file["published_file"]?.string)
            )
        }
        self.init(
            sides: sides,
            size: size,
            crop: crop,
            pictureCount: count,
            pictureDigest: digest,
            weights: weights,
            referenceDigest: value["fid_reference_sha256"]?.string,
            program: program
        )
    }
}
