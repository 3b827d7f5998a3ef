import CheckpointIO
import StrictJSON
import TensorCore
import TestSupport
import Testing

@Suite struct SafetensorsHeaderTests {
    static func file(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
        let length = length ?? UInt64(header.utf8.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8)
            + Array(repeating: 7, count: data)
    }

    static func tensor(_ fields: String) -> String { "{\"x\":{\(fields)}}" }

    static let remedy = "; the file is malformed: write it again with the safetensors library"
    static let damaged = "; the file is incomplete or damaged: download or write it again"
    static let notOne = "; this is not a safetensors file, or it is damaged"

    /// One entry for each rule of the format; messages to the letter.
    @Test(
        arguments: [
            (
                Array("abc".utf8),
                "a safetensors file begins with 8 bytes of header length; this one has 3 bytes" + damaged
            ),
            (
                file("{}", length: 100_000_001),
                "byte 0: the header length is 100000001; at most 100000000 is allowed" + notOne
            ),
            (file("{}", length: 3), "byte 0: the header claims 3 bytes, but the file has only 10" + damaged),
            (
                file("{\"x\":"),
                "byte 13: the header is not valid JSON: the JSON text ends before a value" + notOne
            ),
            (file("[]"), "byte 8: the header is not a JSON object" + notOne),
            (file("{\"__metadata__\":{\"a\":1}}"), "byte 9: __metadata__ is not an object of strings" + remedy),
            (file("{\"x\":[]}"), "tensor \"x\": a tensor is described by an object, not by a list" + remedy),
            (
                file(tensor("\"shape\":[],\"data_offsets\":[0,4]")),
                "tensor \"x\": the description has no \"dtype\"" + remedy
            ),
            (
                file(tensor("\"dtype\":\"F32\",\"data_offsets\":[0,4]")),
                "tensor \"x\": the description has no \"shape\"" + remedy
            ),
            (
                file(tensor("\"dtype\":\"f32\",\"shape\":[],\"data_offsets\":[0,4]"), data: 4),
                "tensor \"x\": unknown dtype \"f32\"" + remedy
            ),
            (
                file(tensor("\"dtype\":\"C128\",\"shape\":[],\"data_offsets\":[0,16]"), data: 16),
                "tensor \"x\": unknown dtype \"C128\"" + remedy
            ),
            (
                file(tensor("\"dtype\":1,\"shape\":[],\"data_offsets\":[0,4]"), data: 4),
                "tensor \"x\": the description's \"dtype\" is not a string" + remedy
            ),
            (
                file(tensor("\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]"), data: 4),
                "tensor \"x\": \"shape\" must hold only whole numbers, 0 or more" + remedy
            ),
            (
                file(tensor("\"dtype\":\"F32\",\"shape\":[-0],\"data_offsets\":[0,0]")),
                "tensor \"x\": \"shape or data_offsets\" must hold only whole numbers, 0 or more" + remedy
            ),
            (
                file(tensor("\"dtype\":\"F32\",\"shape\":[9223372036854775808],\"data_offsets\":[0,4]"), data: 4),
                "tensor \"x\": \"shape\" holds 9223372036854775808, which is too large" + remedy
            ),
            (
                file(tensor("\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0]"), data: 4),
                "tensor \"x\": the description's \"data_offsets\" holds 1 numbers instead of 2" + remedy
            ),
            (
                file(tensor("\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[4,0]"), data: 4),
                "tensor \"x\": the data ends at 0, before it begins at 4" + remedy
            ),
            (
                file(tensor("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]"), data: 4),
                "tensor \"x\": F32 [2] needs 8 bytes, but its offsets span 4" + remedy
            ),
            (
                file(tensor("\"dtype\":\"F32\",\"shape\":[4611686018427387904,4,0],\"data_offsets\":[0,0]")),
                "tensor \"x\": the size of shape [4611686018427387904, 4, 0] overflows 64 bits" + remedy
            ),
            (
                file(tensor("\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,1]"), data: 1),
                "tensor \"x\": F4 [3] is not a whole number of bytes" + remedy
            ),
            (
                file(tensor("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]"), data: 2),
                "tensor \"x\": the data begins at 1, leaving a hole after 0" + remedy
            ),
            (
                file(
                    "{\"x\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"y\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
                    data: 3
                ),
                "tensor \"y\": the data begins at 1, inside the tensor before it, which ends at 2" + remedy
            ),
            (
                file(tensor("\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]"), data: 2),
                "the tensors take 4 bytes, but 2 follow the header" + damaged
            ),
            (
                file(tensor("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]"), data: 3),
                "byte 62: 2 bytes follow the last tensor" + remedy
            ),
            (
                file(
                    "{\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"\\u0078\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
                    data: 2
                ),
                "byte 61: the header is not valid JSON: the key \"x\" occurs twice in one object" + notOne
            ),
            (
                file("{\"\\u001b[31m\":1}"),
                "tensor \"\\u{1b}[31m\": a tensor is described by an object, not by a number" + remedy
            ),
        ] as [([UInt8], String)]
    )
    func everyRuleIsEnforcedInOneLine(bytes: [UInt8], message: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("m.safetensors", bytes)
        let error = #expect(throws: CheckpointError.self) {
            try Checkpoint.openSafetensors(InputFile(opening: path), path: path)
        }
        let line = error?.description ?? ""
        #expect(line.hasSuffix("m.safetensors: " + message), "\(line)")
        #expect(!line.contains("\n") && line.utf8.count <= 300)
    }

    @Test func whatTheFormatAllowsIsAccepted() throws {
        let folder = try TemporaryFolder()
        let header =
            " {\"__metadata__\":null,\"\u{E9}\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8],\"extra\":1},"
            + "\"e\u{301}\":{\"dtype\":\"U8\",\"shape\":[0,9],\"data_offsets\":[8,8]}} \n"
        let path = try folder.write("m", Self.file(header, data: 8))
        let checkpoint = try Checkpoint.open(path)
        #expect(checkpoint.tensors.map(\.descriptor.name) == ["\u{E9}", "e\u{301}"])
        #expect(checkpoint["\u{E9}"]?.descriptor.dtype == .i64)
        #expect(try checkpoint.bytes(of: checkpoint.tensors[0]) == Array(repeating: 7, count: 8))
    }

    @Test(arguments: Fixtures.families) func theWriterLaysOutAsTheLibraryDoes(family: String) throws {
        for (name, format) in [("original.safetensors", nil), ("diffusers/diffusion_pytorch_model.safetensors", "pt")] {
            let path = Fixtures.path("tiny/\(family)/\(name)")
            let checkpoint = try Checkpoint.open(path)
            let layout = SafetensorsLayout(checkpoint.tensors.map(\.descriptor).shuffled(), format: format)
            let bytes = try Fixtures.bytes(path)
            #expect(layout.header == Array(bytes.prefix(layout.header.count)))
            #expect(layout.fileSize == bytes.count)
        }
    }

    /// The reference reads NUL in names and in metadata, and names of any length. (Report 70.)
    @Test func nulAndLongNamesAreRead() throws {
        let nul = try Checkpoint.open(Fixtures.path("reports/70-hostile/name_nul.safetensors"))
        #expect(nul.tensors.map(\.descriptor.name) == ["a\0b"])
        let folder = try TemporaryFolder()
        let name = String(repeating: "é", count: 30_000)
        let path = try folder.write(
            "long.safetensors",
            tensors: [(TensorDescriptor(name: name, dtype: .u8, shape: [1]), [7])]
        )
        #expect(try Checkpoint.open(path).tensors.map(\.descriptor.name) == [name])
        let header = Array("{\"__metadata__\":{\"k\\u0000y\":\"v\\u0000\"}}".utf8)
        let metadata = try Checkpoint.open(
            try folder.write("m.safetensors", TorchFile.number(header.count, 8) + header)
        ).metadata
        #expect(metadata.map(\.key) == ["k\0y"] && metadata.first?.value == "v\0")
    }
}
