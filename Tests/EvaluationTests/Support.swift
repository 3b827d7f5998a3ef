import Calibration
import CheckpointIO
import DCAE
import Evaluation
import Images
import Inference
import ModelZoo
import Models
import Perception
import TensorCore
import TestSupport

/// A tiny network, opened to run.
func tiny(_ family: String, threads: Int = 1) throws -> LoadedModel {
    var options = AutoencoderDC.Options()
    options.threads = threads
    return try LoadedModel(options: options) {
        try OpenedModel(Fixtures.path("tiny/\(family)/diffusers"), registry: try Registry())
    }
}

/// Writes pictures of several sizes.
func writePictures(_ folder: TemporaryFolder, _ name: String, count: Int) throws {
    for index in 0..<count {
        let key = "\(name)/\(index % 3 == 0 ? "below/" : "")p\(index).png"
        try folder.write(key, [])
        try SeededPicture.make(70 + index * 9 % 80, 66 + index * 5, seed: index)
            .writePNG(to: folder(key), overwrite: true)
    }
}

/// Weights of all foreign networks, made by the formula.
func seededMeasures(_ folder: TemporaryFolder, needsOriginalFeatures: Bool = true) throws -> PictureMeasures {
    func write(_ network: ForeignNetwork) throws -> WeightsFile {
        let path = try folder.write(
            "weights-\(network.rawValue).safetensors",
            tensors: network.parameters.map { name, shape in
                let values = SeededWeights.values(name, shape)
                return (
                    TensorDescriptor(name: name, dtype: .f32, shape: Shape(shape)),
                    values.withUnsafeBytes { Array($0) }
                )
            }
        )
        return try WeightsFile(path, among: [network])
    }
    return PictureMeasures(
        lpips: try PerceptualDistance(network: try write(.alexNet), heads: try write(.heads)),
        inception: try InceptionNetwork(try write(.inception)),
        needsOriginalFeatures: needsOriginalFeatures
    )
}

let noWeights = PictureMeasures(lpips: nil, inception: nil, needsOriginalFeatures: true)

/// Runs models over pictures.
func evaluate(
    _ models: [LoadedModel],
    _ pictures: String,
    size: Int = 64,
    shard: Shard = .whole,
    measures: PictureMeasures = noWeights,
    reference: FeatureStatistics? = nil,
    threads: Int = 1,
    store: PartialStore? = nil,
    observer: PictureRunObserver = PictureRunObserver()
) throws -> EvaluationPart {
    try EvaluationRun(
        .models(models),
        labels: models.indices.map { "model \($0)" },
        try PictureSet(at: [pictures]),
        shard: shard,
        size: size,
        crop: .adm,
        measures: measures,
        referenceDigest: reference?.digest,
        threads: threads,
        program: "tests"
    ).run(store, observer)
}

/// The tiny `sana` with a weight in its last layer that fp16 does not hold.
func tinyBeyondHalf(_ folder: TemporaryFolder) throws -> LoadedModel {
    let path = Fixtures.path("tiny/sana/diffusers")
    let checkpoint = try Checkpoint.open(path)
    let tensors = try checkpoint.tensors.map { tensor in
        var bytes = try checkpoint.bytes(of: tensor)
        if tensor.descriptor.name == "decoder.conv_out.bias" {
            bytes.withUnsafeMutableBytes { $0.storeBytes(of: Float(1e6), as: Float.self) }
        }
        return (descriptor: tensor.descriptor, bytes: bytes)
    }
    _ = try folder.write("beyond/diffusion_pytorch_model.safetensors", tensors: tensors)
    try folder.write("beyond/config.json", try Fixtures.bytes(path + "/config.json"))
    return try LoadedModel(options: AutoencoderDC.Options(threads: 1)) {
        try OpenedModel(folder("beyond"), registry: try Registry())
    }
}

/// A part made of given figures, for what follows from records alone.
func part(
    _ errors: [[Int]],
    ssim: [Double?] = [],
    variant: String? = nil,
    size: Int? = 512,
    crop: SquareCrop = .adm
) -> EvaluationPart {
    let sides = (errors.first ?? []).indices.map { index in
        EvaluationSubject.Side(label: "m\(index)", variant: variant, fingerprint: "f\(index)", precision: "f32")
    }
    let subject = EvaluationSubject(
        sides: sides,
        size: size,
        crop: crop,
        pictureCount: errors.count,
        pictureDigest: "d",
        weights: [],
        referenceDigest: nil,
        program: "tests"
    )
    var part = EvaluationPart(subject: subject, shard: .whole)
    part.records = errors.enumerated().map { index, errors in
        PictureRecord(
            key: "p\(1000 + index)",
            digest: "d\(index)",
            sampleCount: 300,
            sides: errors.map { error in
                PictureRecord.Side(
                    squaredError: error,
                    ssim: index < ssim.count ? ssim[index] : 0.5,
                    multiscaleSSIM: nil,
                    lpips: nil,
                    latent: .init(count: 4, sum: 2, squares: 10),
                    features: []
                )
            },
            features: []
        )
    }
    return part
}
