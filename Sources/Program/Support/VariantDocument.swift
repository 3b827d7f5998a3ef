internal import ModelZoo
internal import StrictJSON

extension Variant {
    /// All that is known of a variant, for `--json`.
    func document(in registry: Registry) -> JSONValue {
        let network = NetworkDescription(config)
        let ratio = config.spatialCompressionRatio
        return [
            "variant": .string(name),
            "short_name": .string(shortName),
            "family": .string(family),
            "aliases": JSONValue(aliases),
            "layouts": JSONValue(layouts.map(\.rawValue)),
            "spatial_compression_ratio": .integer(ratio),
            "latent_channels": .integer(config.latentChannels),
            "parameter_count": .integer(network.parameterCount),
            "encoder_parameter_count": .integer(network.encoderParameterCount),
            "fp32_bytes": .integer(4 * network.valueCount),
            "latent_shape_1024": JSONValue([config.latentChannels, 1024 / ratio, 1024 / ratio]),
            "scaling_factor": JSONValue(config.scalingFactor),
            "scaling_factor_source": .string(scalingFactorSource),
            "normalization": normalizationDocument,
            "training_data": .string(trainingData),
            "repositories": [
                "original": paths { $0.layout == .original },
                "diffusers": paths { $0.layout == .diffusers && !$0.isPipeline },
                "pipelines": paths(where: \.isPipeline),
            ],
            "encoder_shared_with": JSONValue(registry.variants(withEncoderOf: self).map(\.name)),
            "decoder_shared_with": JSONValue(registry.variants(withDecoderOf: self).map(\.name)),
            "same_tensors_as": JSONValue(registry.variants(withTensorsOf: self).map(\.name)),
            "derived_from": derivation.map { origin in
                [
                    "variant": .string(origin.variant), "changed": JSONValue(origin.changed),
                    "source": .string(origin.source),
                ]
            } ?? .null,
            "digests": .array(digests.map(\.document)),
            "quality": .array(quality.map(\.document)),
            "notes": JSONValue(notes),
        ]
    }

    private func paths(where isWanted: (Repository) -> Bool) -> JSONValue {
        JSONValue(repositories.filter(isWanted).map(\.path))
    }

    private var normalizationDocument: JSONValue {
        guard let normalization else { return .null }
        func list(_ numbers: [Double]?) -> JSONValue { numbers.map { .array($0.map { .double($0) }) } ?? .null }
        return [
            "scaling_factor": JSONValue(pipelineScalingFactor),
            "shift_factor": JSONValue(normalization.shift),
            "latents_mean": list(normalization.means),
            "latents_std": list(normalization.standardDeviations),
            "formula": .string(normalization.formula(factor: config.scalingFactor)),
            "reason": JSONValue(normalizationReason),
        ]
    }
}

extension JSONValue {
    /// The size of a picture.
    init(width: Int, height: Int) { self = ["width": .integer(width), "height": .integer(height)] }
}

extension Variant.PublishedFile {
    fileprivate var document: JSONValue {
        [
            "path": .string(name), "layout": .string(layout.rawValue),
            "bytes": byteCount.map { .integer($0) } ?? .null, "sha256": .string(sha256),
            "published_in": .array(
                publications.map {
                    ["repository": .string($0.repository), "revision": JSONValue($0.revision)]
                }
            ),
            "source": .string(source),
        ]
    }
}

extension Variant.Quality {
    fileprivate var document: JSONValue {
        [
            "data": .string(data), "size": JSONValue(width: pixels, height: pixels), "rfid": JSONValue(rFID),
            "psnr": JSONValue(psnr),
            "ssim": JSONValue(ssim), "lpips": JSONValue(lpips), "latent_mean": JSONValue(latentMean),
            "latent_rms": JSONValue(latentRMS), "latent_std": JSONValue(latentStandardDeviation),
            "source": .string(source),
        ]
    }
}
