import CheckpointIO
import DCAENetwork
import Inference
import ModelZoo
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// How latents are normalised, there and back.
@Suite struct LatentScalingTests {
    @Test(arguments: [
        (LatentNormalization(scalingFactor: 0.5), [0.5, 1, 1.5, 2] as [Float]),
        (LatentNormalization(scalingFactor: 0.5, shift: -1), [1, 1.5, 2, 2.5]),
        (LatentNormalization(means: [1, 2], standardDeviations: [2, 4]), [0, 0.5, 0.25, 0.5]),
        (LatentNormalization(scalingFactor: 2, means: [1, 2], standardDeviations: [2, 4]), [0, 1, 0.5, 1]),
    ])
    func byTheFormula(normalization: LatentNormalization, expected: [Float]) throws {
        var latent = try FloatTensor(batch: 1, channels: 2, height: 1, width: 2, values: [1, 2, 3, 4])
        latent.normalize(by: normalization)
        #expect(latent.values == expected)
        latent.denormalize(by: normalization)
        #expect(latent.values == [1, 2, 3, 4])
    }

    /// Each image of a batch begins with channel 0 again.
    @Test func batches() throws {
        let normalization = LatentNormalization(means: [1, 2], standardDeviations: [1, 2])
        let two = try FloatTensor(batch: 2, channels: 2, height: 1, width: 1, values: [1, 2, 3, 6])
        #expect(two.normalized(by: normalization).values == [0, 0, 2, 2])
    }
}

/// What the file of a latent says of it.
@Suite struct LatentNoteTests {
    static let note = LatentNote(
        model: "sana é",
        variant: "dc-ae-f32c32-sana-1.0",
        encoder: "0123456789abcdef",
        compression: 32,
        channels: 8,
        normalization: LatentNormalization(scalingFactor: 0.41407, shift: -1.5),
        pictures: [.init(size: [93, 70], networkSize: [96, 96], content: [0, 0, 93, 70], fit: "pad"), nil]
    )

    /// Writes a latent of eight channels with metadata, and reads it as decoding does.
    private func read(_ metadata: [(key: String, value: String)], channels: Int = 8) throws -> LatentNote? {
        let folder = try TemporaryFolder()
        let descriptor = TensorDescriptor(name: "latent", dtype: .f32, shape: [2, channels, 1, 1])
        let layout = SafetensorsLayout([descriptor], metadata: [("format", "pt")] + metadata)
        let path = try folder.write("l.safetensors", layout.header + .init(repeating: 0, count: 8 * channels))
        let use = TensorFile.Use.latent(channels: 8, takesFewer: true, valuesPerPixel: 3072)
        return try TensorFile.read(path, name: nil, for: use).note
    }

    @Test func comesBackAsItWasWritten() throws {
        #expect(try read(Self.note.metadata) == Self.note)
        var plain = Self.note
        (plain.normalization, plain.variant, plain.pictures) = (nil, nil, [])
        #expect(try read(plain.metadata) == plain)
        var means = Self.note
        means.normalization = LatentNormalization(
            scalingFactor: 1,
            means: (0..<5).map { Double($0) / 3 },
            standardDeviations: (1...5).map(Double.init)
        )
        #expect(try read(means.metadata, channels: 5) == means)
        #expect(try read([]) == nil, "what others wrote says nothing")
    }

    @Test(
        arguments: [
            ("dcae.scaled", "yes"), ("dcae.compression", "0"), ("dcae.channels", "many"),
            ("dcae.normalization", "{\"scaling_factor\": 0}"), ("dcae.normalization", "{}"),
            ("dcae.normalization", "[1"), ("dcae.normalization", "{\"latents_mean\": [1], \"latents_std\": [1]}"),
            ("dcae.pictures", "[1]"), ("dcae.pictures", "{}"),
            ("dcae.pictures", "[{\"size\": [1], \"network_size\": [1, 1], \"content\": [0, 0, 1, 1], \"fit\": \"\"}]"),
        ]
    )
    func whatCannotBeRightIsRefused(key: String, value: String) throws {
        let metadata = Self.note.metadata.map { $0.key == key ? (key: key, value: value) : $0 }
        let error = #expect(throws: CheckpointError.self) { try read(metadata) }
        #expect(
            error?.description.contains("its metadata about the latent is wrong: \(key) is") == true
        )
    }

    /// The first channels of a latent, where a network takes them.
    @Test func fewerChannels() throws {
        let folder = try TemporaryFolder()
        try NumpyArray(shape: [1, 3, 2, 5], values: (0..<30).map { Float($0) }).write(to: folder("a.npy"))
        let some = TensorFile.Use.latent(channels: 8, takesFewer: true, valuesPerPixel: 3072)
        #expect(try TensorFile.read(folder("a.npy"), name: nil, for: some).tensor.dimensions == [1, 3, 2, 5])
        let all = TensorFile.Use.latent(channels: 8, valuesPerPixel: 3072)
        #expect(throws: CheckpointError.self) { try TensorFile.read(folder("a.npy"), name: nil, for: all) }
        try NumpyArray(shape: [1, 9, 1, 1], values: .init(repeating: 0, count: 9)).write(to: folder("b.npy"))
        #expect(throws: CheckpointError.self) { try TensorFile.read(folder("b.npy"), name: nil, for: some) }
    }
}
