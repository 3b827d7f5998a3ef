import CheckpointIO
import TensorCore
import TestSupport
import Testing

/// Tensors that are shown otherwise than they are stored: scaled floats of 8 bits.
@Suite struct EncodingTests {
    static func floats(_ bytes: [UInt8]) -> [Float] {
        bytes.withUnsafeBytes { bytes in
            (0..<(bytes.count / 4)).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
    }

    static func bytes<T>(_ values: [T]) -> [UInt8] { values.withUnsafeBytes(Array.init) }

    private func open(
        _ tensors: [(name: String, dtype: DType, shape: Shape, bytes: [UInt8])]
    ) throws -> (Checkpoint, TemporaryFolder) {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            "a.safetensors",
            tensors: tensors.map { (TensorDescriptor(name: $0.name, dtype: $0.dtype, shape: $0.shape), $0.bytes) }
        )
        return (try Checkpoint.open(path), folder)
    }

    /// The weights of report 01 are those of the same network in F8, and scales beside them.
    @Test func scaledWeightsAreMultipliedOut() throws {
        let path = Fixtures.path("reports/01-fp8-scaled/comfy.safetensors")
        let scaled = try Checkpoint.open(path)
        let raw = try Checkpoint.openSafetensors(InputFile(opening: path), path: path)
        #expect(raw.tensors.count == 234 && scaled.tensors.count == 156)
        #expect(
            scaled.notes == [
                "77 weights of 8 bits were multiplied by the scale beside each, and are F32; the scales and the marker were taken off"
            ]
        )
        let name = "decoder.project_in.main.conv"
        let weight = try #require(scaled[name + ".weight"])
        #expect(weight.descriptor.dtype == .f32 && weight.byteCount == 4 * 32 * 8 * 9)
        let scale = Self.floats(try raw.bytes(of: try #require(raw[name + ".scale_weight"])))[0]
        let stored = try raw.bytes(of: try #require(raw[name + ".weight"]))
        let values = Self.floats(try scaled.bytes(of: weight))
        #expect(values == NumberFormatTable.e4m3(stored).map { $0 * scale })
        // Any part is the same.
        var part = [UInt8](repeating: 0, count: 400)
        try part.withUnsafeMutableBytes { try scaled.read(weight, from: 1000, into: $0) }
        #expect(Self.floats(part) == Array(values[250..<350]))
    }

    @Test func aScaleOfEachRowAndAPrefixAreUnderstood() throws {
        let (checkpoint, _) = try open([
            ("model.diffusion.scaled_fp8", .f8E4M3, [2], [0, 0]),
            ("model.encoder.a.weight", .f8E4M3, [2, 3], [0x38, 0x40, 0xB8, 0x38, 0x40, 0x7F]),
            ("model.encoder.a.weight_scale", .f32, [2, 1], Self.bytes([Float(2), 0.5])),
            ("model.encoder.a.input_scale", .f32, [], Self.bytes([Float(7)])),
            ("model.encoder.b.weight", .f8E4M3, [1], [0x38]),
        ])
        #expect(checkpoint.tensors.map(\.descriptor.name) == ["model.encoder.a.weight", "model.encoder.b.weight"])
        let values = Self.floats(try checkpoint.bytes(of: checkpoint.tensors[0]))
        #expect(values.dropLast() == [2, 4, -2, 0.5, 1] && values[5].isNaN)
        #expect(checkpoint["model.encoder.b.weight"]?.descriptor.dtype == .f8E4M3, "what has no scale stays what it is")
    }

    @Test func whatOnlyLooksLikeAScaleStays() throws {
        let (checkpoint, _) = try open([
            ("a.weight", .f32, [1], Self.bytes([Float(1)])), ("a.scale_weight", .f32, [1], Self.bytes([Float(2)])),
            ("b.weight", .f8E4M3, [4], [0, 0, 0, 0]), ("b.scale_weight", .f32, [3], Self.bytes([Float(2), 3, 4])),
            ("scaled_fp8", .f8E4M3, [1], [0]),
        ])
        #expect(checkpoint.tensors.count == 5 && checkpoint.notes.isEmpty)
    }
}

/// F8_E4M3 by its definition: a sign, four bits of exponent with bias 7, three of fraction.
private enum NumberFormatTable {
    static func e4m3(_ bytes: [UInt8]) -> [Float] {
        bytes.map { byte in
            let (exponent, fraction) = (Int(byte >> 3 & 15), Float(byte & 7))
            let magnitude =
                exponent == 0
                ? fraction * 0x1p-9 : (1 + fraction / 8) * Float(sign: .plus, exponent: exponent - 7, significand: 1)
            return byte & 0x80 == 0 ? magnitude : -magnitude
        }
    }
}
