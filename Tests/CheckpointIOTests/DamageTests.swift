import CheckpointIO
import Foundation
import TensorCore
import TestSupport
import Testing

/// What broken disks, downloads and programs leave behind, and what is said of it.
@Suite struct DamageTests {
    private let sana = Fixtures.path("tiny/sana/diffusers/diffusion_pytorch_model.safetensors")

    @Test func aSoundFileHasNone() throws {
        #expect(try Checkpoint.open(sana).damage() == [])
        #expect(try Checkpoint.open(Fixtures.path("tiny/f32/original.safetensors")).damage() == [])
    }

    /// A download that was preallocated and never finished: its end is zero.
    @Test func aTailOfZerosIsNamed() throws {
        var bytes = try Fixtures.bytes(sana)
        for index in (bytes.count - 300_000)..<bytes.count { bytes[index] = 0 }
        let folder = try TemporaryFolder()
        let found = try Checkpoint.open(try folder.write("m.safetensors", bytes)).damage()
        let tail = try #require(found.first { $0.kind == .zeroTail })
        #expect(tail.place == "m.safetensors")
        #expect(
            tail.message.hasPrefix("its last 3000")
                && tail.message.hasSuffix("the download was broken off, in all likelihood")
        )
        #expect(found.count { $0.kind == .zeroTensor } > 3)
    }

    @Test func aZeroTensorInTheMiddleIsNamedAndABiasIsNot() throws {
        let folder = try TemporaryFolder()
        let one = EncodingTests.bytes([Float](repeating: 1, count: 64))
        let zero = [UInt8](repeating: 0, count: 256)
        let path = try folder.write(
            "a.safetensors",
            tensors: [
                (TensorDescriptor(name: "a.weight", dtype: .f32, shape: [8, 8]), zero),
                (TensorDescriptor(name: "b.bias", dtype: .f32, shape: [64]), zero),
                (TensorDescriptor(name: "c.weight", dtype: .f32, shape: [8, 8]), one),
            ]
        )
        #expect(
            try Checkpoint.open(path).damage() == [
                Damage(kind: .zeroTensor, place: "a.weight", message: "all of its 64 values are zero")
            ]
        )
    }

    /// A zip of PyTorch's with its real checksums, which are set in both headers of an entry.
    private func archive(_ checksums: [UInt32]) -> [UInt8] {
        let tensors = (0..<3).map { index in
            ("t\(index)", TorchFile.tensor(TorchFile.storage("\(index)", count: 4), length: 4))
        }
        let storages = (0..<3).map { ("\($0)", EncodingTests.bytes([Float](repeating: Float($0 + 1), count: 4))) }
        var file = TorchFile.zip(TorchFile.pickle(TorchFile.dict(tensors)), storages: storages)
        var entry = 0
        for index in 0..<(file.count - 4) where file[index] == 0x50 && file[index + 1] == 0x4B {
            let offset = file[index + 2] == 3 ? 14 : file[index + 2] == 1 ? 16 : nil
            guard let offset, file[index + 3] == file[index + 2] + 1 else { continue }
            for byte in 0..<4 {
                file[index + offset + byte] = UInt8(truncatingIfNeeded: checksums[entry % 4] >> (8 * byte))
            }
            entry += 1
        }
        return file
    }

    /// Those of zlib's crc32, by Python.
    private func right() throws -> [UInt32] {
        let folder = try TemporaryFolder()
        let directory = try ZipDirectory(reading: InputFile(opening: try folder.write("a.pt", archive([0, 0, 0, 0]))))
        return try directory.entries.map { entry in
            let bytes = try Fixtures.bytes(folder("a.pt"))[entry.range]
            // Bit by bit, as the standard has it.
            return ~bytes.reduce(UInt32.max) { sum, byte in
                (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
                }
            }
        }
    }

    @Test func someChecksumsThatFailAreDamageAndAllAreNone() throws {
        let folder = try TemporaryFolder()
        var sums = try right()
        #expect(try Checkpoint.open(try folder.write("good.pt", archive(sums))).damage() == [])
        sums[2] ^= 1
        let found = try Checkpoint.open(try folder.write("bad.pt", archive(sums))).damage()
        #expect(found.map(\.kind) == [.checksum] && found[0].place == "archive/data/1" && found[0].isCertain)
        #expect(found[0].message == "its 16 bytes do not have the checksum that the archive says (CRC-32)")
        let none = try Checkpoint.open(try folder.write("none.pt", archive([0, 0, 0, 0]))).damage()
        #expect(none.map(\.kind) == [.noChecksums] && !none[0].isCertain)
    }

    /// torch.save's own archives have them.
    @Test func theChecksumsOfTorchAreRight() throws {
        #expect(try Checkpoint.open(Fixtures.path("reports/33-latents/tensor.pt")).damage() == [])
        #expect(try Checkpoint.open(Fixtures.path("torch/dtypes.pt")).damage().filter { $0.kind == .checksum } == [])
    }

    @Test func patchedDataIsRefusedAsTorchDoes() throws {
        let folder = try TemporaryFolder()
        var file = TorchFile.zip(
            TorchFile.pickle(TorchFile.dict([("t", TorchFile.tensor(TorchFile.storage("0", count: 1), length: 1))])),
            storages: [("0", [0, 0, 0, 0])]
        )
        let central = try #require(
            file.indices.dropLast(4).first { Array(file[$0..<($0 + 4)]) == [0x50, 0x4B, 1, 2] }
        )
        file[central + 8] |= 0x20
        let error = try #require(throws: CheckpointError.self) {
            try Checkpoint.open(try folder.write("a.pt", file))
        }
        #expect(error.fault as? ZipFault == .patched)
    }
}

/// Files that are something else, or the beginning of something: one line says what, and what to do.
@Suite struct ForeignFileTests {
    private func refusal(_ path: String, _ options: OpenOptions = OpenOptions()) -> String {
        do throws(CheckpointError) {
            return "opened: \(try Checkpoint.open(path, options: options).tensors.count)"
        } catch {
            let name = path.split(separator: "/").last.map(String.init) ?? ""
            return error.description.range(of: name + ": ").map { String(error.description[$0.upperBound...]) }
                ?? error.description
        }
    }

    @Test(
        arguments: [
            (
                "GGUF\u{3}\0\0\0",
                "this is a GGUF file, not a checkpoint; give the safetensors or PyTorch file that it was made from"
            ),
            (
                "\u{1C}\0\0\0TFL3....",
                "this is a TensorFlow Lite file, not a checkpoint; give the safetensors or PyTorch file that it was made from"
            ),
            (
                "\u{8}\u{7}\u{12}\u{7}pytorch\u{1A}",
                "this is an ONNX model, not a checkpoint; give the safetensors or PyTorch file that it was made from"
            ),
            (
                "<?xml version=\"1.0\"?><net name=\"x\" version=\"11\">",
                "this is an OpenVINO network, not a checkpoint; give the safetensors or PyTorch file with the weights"
            ),
            ("Rar!\u{1A}\u{7}\0", "this is a RAR file, not a checkpoint; unpack it first"),
            ("BZh91AY&SY", "this is a bzip2 file, not a checkpoint; unpack it first"),
            (
                "version https://git-lfs.github.com/spec/v1\noid",
                "this is a Git LFS pointer, not the file it stands for; run `git lfs pull`"
            ),
            ("<!doctype html>", "this is a web page, not a checkpoint; download it again"),
        ]
    )
    func othersAreNamed(_ text: String, _ message: String) throws {
        let folder = try TemporaryFolder()
        let words = refusal(try folder.write("a", Array(text.utf8)))
        #expect(words.hasPrefix(message), "\(words)")
    }

    @Test func theWeightsOfOpenVINOAreKnownByTheirNeighbour() throws {
        let folder = try TemporaryFolder()
        try folder.write("openvino_model.xml", Array("<net".utf8))
        let path = try folder.write("openvino_model.bin", [0x12, 0x34, 0x56, 0x78, 1, 2, 3, 4, 5, 6])
        #expect(
            refusal(path).hasPrefix(
                "this is the weights of an OpenVINO network, not a checkpoint; give the safetensors"
            )
        )
    }

    /// An ordinary archive, compressed: the header of a file of 5 bytes.
    @Test func aTarInZstdIsAnArchive() throws {
        var header = [UInt8](repeating: 0, count: 1024)
        func put(_ text: String, _ offset: Int) {
            header.replaceSubrange(offset..<(offset + text.utf8.count), with: text.utf8)
        }
        put("model/weights.bin", 0)
        put("00000000005", 124)
        put("ustar", 257)
        header[156] = UInt8(ascii: "0")
        let sum = header[0..<512].reduce(8 * 0x20) { $0 + Int($1) }
        put(String(String(sum + 0o1_000_000, radix: 8).suffix(6)), 148)
        let folder = try TemporaryFolder()
        #expect(
            refusal(try folder.write("a.tar", header)) == "this is a tar archive, not a checkpoint; unpack it first"
        )
        var packed: [UInt8] = []
        let zstd = try ZstdWriter(path: "a")
        let sink = { (bytes: UnsafeRawBufferPointer) throws(CheckpointError) in packed += bytes }
        for result in header.withUnsafeBytes({ bytes in [Result { try zstd.write(bytes, to: sink) }] }) {
            try result.get()
        }
        try zstd.finish(to: sink)
        #expect(
            refusal(try folder.write("a.tar.zst", packed)) == "this is a tar archive, not a checkpoint; unpack it first"
        )
    }

    @Test func unfinishedDownloadsAreCalledThat() throws {
        let hub = Fixtures.path("reports/22-damaged/hub")
        for name in [
            "abc123.incomplete", "diffusion_pytorch_model.safetensors.part", "model.safetensors.aria2",
            "x.safetensors.crdownload",
        ] {
            #expect(
                refusal(hub + "/" + name)
                    == "\(name) is a download that has not been finished; let it finish, or download the file again"
            )
        }
        #expect(
            refusal(hub)
                == "abc123.incomplete is a download that has not been finished; let it finish, or download the file again"
        )
        // aria2 makes the file whole at once, and keeps another beside it until it is.
        let folder = try TemporaryFolder()
        let path = try folder.write(
            "m.safetensors",
            try Fixtures.bytes(Fixtures.path("tiny/sana/original.safetensors"))
        )
        try folder.write("m.safetensors.aria2", [0, 1])
        #expect(
            try Checkpoint.open(path).notes == [
                "m.safetensors.aria2 lies beside m.safetensors: its download has not been finished"
            ]
        )
    }

    @Test func aSaveThatBrokeOffIsCalledThat() throws {
        let crashed = Fixtures.path("reports/22-damaged/crashed_save.pt")
        #expect(refusal(crashed) == "the archive has no data.pkl: its saving did not finish; save it again")
        let folder = try TemporaryFolder()
        let whole = try Fixtures.bytes(Fixtures.path("torch/dtypes.pt"))
        #expect(
            refusal(try folder.write("cut.pt", Array(whole.prefix(whole.count / 4))))
                == "the zip archive has no directory: its saving or download did not finish; save or download it again"
        )
    }

    @Test func partsOfDistributedTrainingAreNamed() throws {
        let shard = "zero_pp_rank_0_mp_rank_00_model_states.pt"
        let remedy =
            "each process of the training saved only a part of every tensor (DeepSpeed ZeRO); gather the partitions first (zero_to_fp32.py)"
        #expect(refusal(Fixtures.path("reports/05-deepspeed/zero3/" + shard)) == remedy)
        #expect(refusal(Fixtures.path("reports/05-deepspeed/zero3")).hasSuffix(remedy))
        let first = refusal(Fixtures.path("reports/40-dtensor/dtensor.pt"))
        #expect(
            first.hasSuffix(
                "it is a DTensor, and every process has saved only its own part; call full_tensor() before saving"
            )
        )
    }

    @Test func theFolderOfATrainerLeadsToItsModel() throws {
        let folder = Fixtures.path("reports/05-deepspeed")
        let file = try Checkpoint.open(folder + "/global_step10/mp_rank_00_model_states.pt")
        for path in [folder, folder + "/global_step10"] {
            let opened = try Checkpoint.open(path)
            #expect(opened.tensors.map(\.descriptor) == file.tensors.map(\.descriptor))
        }
        // Beside the states of an optimizer, which are a .pt file too.
        let other = try TemporaryFolder()
        let bytes = try Fixtures.bytes(folder + "/global_step10/mp_rank_00_model_states.pt")
        try other.write("mp_rank_00_model_states.pt", bytes)
        try other.write("bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt", [0x80, 2])
        #expect(try Checkpoint.open(other.path).tensors.count == file.tensors.count)
    }
}
