import CheckpointIO
import TensorCore
import TestSupport
import Testing

/// `.npy` and `.npz` files as checkpoints: what numpy finds in them, and what it does not write.
@Suite struct NumpyTests {
    /// The lines of images/expected.txt that begin with `array`: a file, its sizes, and its values rounded to float32, as bits.
    static let arrays = ((try? Fixtures.text(Fixtures.path("images/expected.txt"))) ?? "").split(separator: "\n")
        .map { $0.split(separator: " ").map(String.init) }.filter { $0[0] == "array" }.map { Array($0.dropFirst()) }

    @Test(arguments: arrays) func everyFixtureHasTheValuesThatNumpyFinds(_ line: [String]) throws {
        let array = try NumpyArray(file: Fixtures.path("images/" + line[0]))
        let sizes = line[1] == "-" ? [] : line[1].split(separator: ",").compactMap { Int($0) }
        #expect(array.shape == Shape(sizes))
        #expect(array.values.map(\.bitPattern) == line[2...].compactMap { UInt32($0, radix: 16) })
    }

    @Test(arguments: ["f4", "scalar", "vector", "empty", "image"])
    func headersAreWrittenByteForByteAsNumpyDoes(_ name: String) throws {
        let path = Fixtures.path("images/\(name).npy")
        let array = try NumpyArray(file: path)
        let folder = try TemporaryFolder()
        try array.write(to: folder("a.npy"))
        #expect(try Fixtures.bytes(folder("a.npy")) == Fixtures.bytes(path))
    }

    @Test func integersAreTensorsToo() throws {
        let checkpoint = try Checkpoint.open(Fixtures.path("images/int.npy"))
        #expect(checkpoint.format == .numpy && checkpoint.isUnnamed)
        #expect(checkpoint.tensors.map(\.descriptor.dtype) == [.i64])
    }

    /// numpy 2.3 wrote these, of a type that it knows by its size alone; the second one names it.
    @Test func typesWithoutMeaningAreRefused() throws {
        let raw = Fixtures.path("reports/33-latents/ml_bf16.npy")
        #expect(
            refusal { try Checkpoint.open(raw) }.hasSuffix(
                "ml_bf16.npy: it holds elements of type '<V2', which are not plain numbers; save it with .astype(numpy.float32)"
            )
        )
        let named = try Checkpoint.open(Fixtures.path("reports/33-latents/ml_bf16b.npy"))
        #expect(named.tensors.map(\.descriptor.dtype) == [.bf16])
        #expect(
            refusal { try Checkpoint.open(Fixtures.path("reports/33-latents/pickled.npy")) }.contains(
                "type '|O', which are no"
            )
        )
    }

    @Test func anArchiveHasItsArraysByName() throws {
        let checkpoint = try Checkpoint.open(Fixtures.path("reports/33-latents/one.npz"))
        #expect(checkpoint.format == .numpyArchive)
        #expect(checkpoint.tensors.map(\.descriptor.name) == ["arr_0"])
        #expect(checkpoint.tensors.map(\.descriptor.shape) == [[1, 8, 2, 2]])
        #expect(try checkpoint.damage() == [])
    }

    /// What numpy.savez_compressed wrote: blocks with fixed codes, with codes of their own, and stored ones.
    @Test func compressedArchives() throws {
        let path = Fixtures.path("quality/compressed.npz")
        let checkpoint = try Checkpoint.open(path)
        func bytes(_ name: String) throws -> [UInt8] { try checkpoint.bytes(of: try #require(checkpoint[name])) }
        func raw<Element>(_ values: [Element]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
        #expect(checkpoint.format == .numpyArchive && checkpoint.tensors.count == 5)
        #expect(try bytes("zeros") == [UInt8](repeating: 0, count: 160_000))
        #expect(try bytes("counts") == raw((0..<3000).map { Double($0 % 97) }))
        #expect(try bytes("few") == raw([1.5, -2.0]))
        #expect(try bytes("noise") == SeededWeights.stream("noise", 4000).map { UInt8($0 * 256) })
        #expect(try bytes("wave") == raw(SeededWeights.stream("wave", 600)))
        #expect(try checkpoint.damage() == [])
        let limited = refusal { try Checkpoint.open(path, options: OpenOptions(maxExpandedSize: 1000)) }
        #expect(limited.contains("the archive's entries expand to more than 1000 bytes"))
    }

    /// No bit that is wrong goes unnoticed where it counts, and none makes the reader trap.
    @Test func damagedCompression() throws {
        let good = try Fixtures.bytes(Fixtures.path("quality/compressed.npz"))
        let folder = try TemporaryFolder()
        var refused = 0
        let positions = Array(stride(from: 0, to: good.count, by: 37))
        for position in positions {
            var bytes = good
            bytes[position] ^= 1 << UInt8(position % 8)
            let path = try folder.write("x.npz", bytes)
            if (try? Checkpoint.open(path)) == nil { refused += 1 }
        }
        // What is left are times and attributes, which nobody reads.
        #expect(refused > positions.count * 9 / 10)
        for length in stride(from: 0, to: good.count, by: 501) {
            let path = try folder.write("x.npz", Array(good[..<length]))
            #expect(throws: CheckpointError.self) { try Checkpoint.open(path) }
        }
    }

    static let headers = [
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "nothing"),
        ("{\"shape\":(2,),'fortran_order':False,'descr':'<f4'}\n", "nothing"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2), }", "at byte 62 ',' was expected"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (02,), }", "at byte 61 a size was expected"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", "at byte 61 a size was expected"),
        (
            "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
            "at byte 61 a size was expected"
        ),
        ("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,), }", "at byte 44 True or False was expected"),
        ("{'descr': '<f4', 'fortran_order': False, }", "at byte 52 'shape' was expected"),
        (
            "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
            "at byte 27 one of 'descr', 'fortran_order' and 'shape', once was expected"
        ),
        (
            "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }",
            "at byte 21 a type of numbers was expected"
        ),
        ("{'descr': '<f\\x34', 'fortran_order': False, 'shape': (2,), }", "at byte 23 visible ASCII was expected"),
        (
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } + 1",
            "at byte 68 the end of the header was expected"
        ),
        ("{'descr': '<f4", "at byte 24 the end of the string was expected"),
        ("", "at byte 10 '{' was expected"),
    ]

    @Test(arguments: headers) func headersThatNumpyDoesNotWriteAreRefused(_ text: String, _ expected: String) {
        let words = refuse(text, data: [UInt8](repeating: 0, count: 8))
        #expect(
            words
                == (expected == "nothing"
                    ? expected : "a.npy: NumPy does not write such arrays: \(expected); copy or download it again")
        )
    }

    @Test func theDataIsAsLongAsTheShapeSays() {
        func text(_ shape: String) -> String {
            "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }"
        }
        #expect(
            refuse(text("(3,)"), data: [0, 0, 0, 0])
                == "a.npy: it has 71 bytes, but an array of shape [3] takes 79; copy or download it again"
        )
        #expect(
            refuse(text("(1,)"), data: [0, 0, 0, 0, 0])
                == "a.npy: it has 72 bytes, but an array of shape [1] takes 71; copy or download it again"
        )
        #expect(
            refuse(text("(1000000, 1000000)"), data: [0, 0, 0, 0])
                == "a.npy: it has 85 bytes, but an array of shape [1000000, 1000000] takes 4000000000081; "
                + "copy or download it again"
        )
        #expect(
            refuse(text("(4294967296, 4294967296)"), data: [])
                == "a.npy: NumPy does not write such arrays: its shape [4294967296, 4294967296] has too many elements; "
                + "copy or download it again"
        )
    }

    @Test(
        arguments: [
            ([4, 0, 0, 0, 0, 0], "its version is 4.0, where 1.0, 2.0 or 3.0 was expected"),
            ([2, 0, 255, 255, 255, 255], "its header has 4294967295 bytes, more than 65536"),
            ([1, 0, 200, 0], "it ends within its header"),
            ([1], "it starts with no magic number of NumPy"),
        ] as [([UInt8], String)]
    )
    func headersThatAreCutOrTooLongAreRefused(_ bytes: [UInt8], _ expected: String) {
        #expect(
            refuse(NumpyHeader.magic + bytes)
                == "a.npy: NumPy does not write such arrays: \(expected); copy or download it again"
        )
    }

    private func refuse(_ header: String, data: [UInt8]) -> String {
        let length = header.utf8.count
        return refuse(NumpyHeader.magic + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(header.utf8) + data)
    }

    private func refuse(_ bytes: [UInt8]) -> String {
        guard let folder = try? TemporaryFolder(), let path = try? folder.write("a.npy", bytes) else { return "" }
        let words = refusal { try Checkpoint.open(path) }
        return words.hasPrefix(folder.path) ? String(words.dropFirst(folder.path.count + 1)) : words
    }

    /// The message of the error that is thrown, or `nothing`.
    private func refusal(_ body: () throws -> Checkpoint) -> String {
        do {
            _ = try body()
            return "nothing"
        } catch {
            return "\(error)"
        }
    }
}
