import CheckpointIO
import DCAENetwork
import Inference
import TensorCore
import TestSupport
import Testing

/// Latents and images as people keep them (report 33): all of those that are plain have one and the same values.
@Suite struct TensorFileTests {
    private let folder = Fixtures.path("reports/33-latents/")
    private let latent = TensorFile.Use.latent(channels: 8, valuesPerPixel: 96)

    private func refusal(_ path: String, name: String? = nil, _ use: TensorFile.Use? = nil) -> String {
        do {
            let tensor = try TensorFile.read(path, name: name, for: use ?? latent).tensor
            return "read \(tensor.dimensions)"
        } catch {
            return "\(error)".split(separator: "/").last.map(String.init) ?? ""
        }
    }

    @Test(
        arguments: [
            "be.npy", "chw.npy", "five.npy", "f64.npy", "one.npz", "comfy.latent", "tensor.pt", "dict.pt",
            "f64.safetensors", "nhwc.npy",
        ]
    )
    func theSameLatentInManyFiles(name: String) throws {
        let expected = try NumpyArray(file: folder + "be.npy")
        let tensor = try TensorFile.read(folder + name, name: nil, for: latent).tensor
        #expect(tensor.dimensions == [1, 8, 2, 2])
        #expect(tensor.values == expected.values, "\(name)")
    }

    @Test func channelsThatComeLastAreToldFromChannelsOfAnother() throws {
        let folder = try TemporaryFolder()
        for (shape, outcome) in [
            ([1, 16, 16, 8], "[1, 8, 16, 16]"), ([2, 5, 7, 8], "[2, 8, 5, 7]"), ([5, 7, 8], "[1, 8, 5, 7]"),
            ([1, 4, 16, 8], nil), ([1, 4, 8, 8], nil), ([1, 16, 8, 8], nil),
        ] as [([Int], String?)] {
            let values = (0..<shape.reduce(1, *)).map { Float($0) }
            try NumpyArray(shape: Shape(shape), values: values).write(to: folder("a.npy"))
            let words = refusal(folder("a.npy"))
            #expect(
                outcome.map { words == "read \($0)" } ?? words.contains("but this model's latents have"),
                "\(shape): \(words)"
            )
        }
        try NumpyArray(shape: [1, 2, 3, 8], values: (0..<48).map { Float($0) }).write(to: folder("a.npy"))
        let tensor = try TensorFile.read(folder("a.npy"), name: nil, for: latent).tensor
        #expect(tensor.values[0..<6] == [0, 8, 16, 24, 32, 40] && tensor.values[6] == 1)
    }

    /// Rounded to fewer bits by whoever saved them.
    @Test(arguments: [
        ("f16.npy", 0x1p-10), ("f16.safetensors", 0x1p-10), ("bf16.safetensors", 0x1p-7), ("fp8.safetensors", 0x1p-3),
    ])
    func narrowLatents(name: String, error: Float) throws {
        let expected = try NumpyArray(file: folder + "be.npy").values
        let tensor = try TensorFile.read(folder + name, name: nil, for: latent).tensor
        #expect(zip(tensor.values, expected).allSatisfy { abs($0 - $1) <= error * abs($1) + 0x1p-9 })
    }

    @Test(
        arguments: [
            (
                "wrong_c.npy",
                "wrong_c.npy: its shape is [1, 4, 8, 8], but this model's latents have 8 channels"
            ),
            ("int8.npy", "int8.npy: its elements are I8, but floating-point numbers were expected"),
            ("empty.npy", "empty.npy: its shape is [0, 8, 2, 2], but [N, 8, H, W] or [8, H, W] was expected"),
            ("ml_bf16.npy", "ml_bf16.npy: it holds elements of type '<V2', which are not plain numbers"),
        ]
    )
    func othersAreNamed(name: String, message: String) {
        let words = refusal(folder + name)
        #expect(words.hasPrefix(message), "\(words)")
    }

    /// The memory for what is made of a latent is counted before the latent is read.
    @Test func aLatentOfTerabytesIsRefusedUnread() throws {
        let folder = try TemporaryFolder()
        let descriptor = TensorDescriptor(name: "latent", dtype: .f32, shape: [1, 8, 60_000, 60_000])
        let layout = SafetensorsLayout([descriptor], format: nil)
        let path = try folder.writeSparse("a.safetensors", layout.header, size: layout.fileSize)
        #expect(
            refusal(path)
                == "a.safetensors: tensor \"latent\": its shape [1, 8, 60000, 60000] takes 1497 GB with its result, more than the free memory; cut it into parts"
        )
    }

    @Test func valuesBeyondSinglePrecisionAreRefused() throws {
        let folder = try TemporaryFolder()
        let values = [1, 1e300, -1e39, .infinity].withUnsafeBytes(Array.init)
        let path = try folder.write(
            "a.safetensors",
            tensors: [(TensorDescriptor(name: "x", dtype: .f64, shape: [1, 2, 2]), values)]
        )
        #expect(
            refusal(path, .image(channels: 1))
                == "a.safetensors: tensor \"x\": 2 of its values are beyond single precision"
        )
    }
}
