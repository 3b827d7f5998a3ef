import Images
import TensorCore
import Testing

@Suite("NumPy arrays")
struct NumpyTests {
    @Test("Every fixture has the values that numpy finds in it", arguments: Fixture.expected("array"))
    func fixture(_ line: [String]) throws {
        let array = try NumpyArray(file: Fixture.path(line[0]))
        let sizes = line[1] == "-" ? [] : line[1].split(separator: ",").compactMap { Int($0) }
        #expect(array.shape == Shape(sizes))
        #expect(array.values.map(\.bitPattern) == line[2...].compactMap { UInt32($0, radix: 16) })
    }

    @Test(
        "Files are written byte for byte as numpy.save writes them",
        arguments: ["f4", "scalar", "vector", "empty", "image"]
    )
    func writing(_ name: String) throws {
        let array = try NumpyArray(file: Fixture.path("\(name).npy"))
        try withTemporaryFolder { folder in
            try array.write(to: "\(folder)/a.npy")
            #expect(contents("\(folder)/a.npy") == Fixture.bytes("\(name).npy"))
            #expect(
                refusal { try array.write(to: "\(folder)/a.npy") }
                    == "\(folder)/a.npy: exists already: use --force to overwrite it"
            )
            try array.write(to: "\(folder)/a.npy", overwrite: true)
            #expect(names(in: folder) == ["a.npy"])
        }
    }

    @Test("Other types and values that float32 cannot hold are refused")
    func types() {
        #expect(
            refusal { try NumpyArray(file: Fixture.path("int.npy")) }
                == "\(Fixture.path("int.npy")): holds elements of type '<i8', where float16, float32 or float64 was expected: "
                + "save it with .astype(numpy.float32)"
        )
        #expect(
            refusal { try NumpyArray(file: Fixture.path("huge.npy")) }
                == "\(Fixture.path("huge.npy")): holds 1e+300 at element 1, which float32 cannot hold"
        )
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
        ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", "at byte 20 a string was expected"),
        ("{'descr': '<f\\x34', 'fortran_order': False, 'shape': (2,), }", "at byte 23 visible ASCII was expected"),
        (
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } + 1",
            "at byte 68 the end of the header was expected"
        ),
        ("{'descr': '<f4", "at byte 24 the end of the string was expected"),
        ("", "at byte 10 '{' was expected"),
    ]

    @Test("Headers that numpy does not write are refused", arguments: headers)
    func header(_ text: String, _ expected: String) {
        let words = refuse(text, data: [UInt8](repeating: 0, count: 8))
        #expect(words == (expected == "nothing" ? expected : "a.npy: is no array that NumPy writes: \(expected)"))
    }

    @Test("The data must be as long as the shape says, and no shape asks for memory that the file does not fill")
    func lengths() {
        func text(_ shape: String) -> String {
            "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }"
        }
        #expect(
            refuse(text("(3,)"), data: [0, 0, 0, 0])
                == "a.npy: has 71 bytes, where an array of shape [3] takes 79: copy or download it again"
        )
        #expect(
            refuse(text("(1,)"), data: [0, 0, 0, 0, 0])
                == "a.npy: has 72 bytes, where an array of shape [1] takes 71: copy or download it again"
        )
        #expect(
            refuse(text("(1000000, 1000000)"), data: [0, 0, 0, 0])
                == "a.npy: has 85 bytes, where an array of shape [1000000, 1000000] takes 4000000000081: "
                + "copy or download it again"
        )
        #expect(
            refuse(text("(4294967296, 4294967296)"), data: [])
                == "a.npy: is no array that NumPy writes: its shape [4294967296, 4294967296] has too many elements"
        )
    }

    @Test(
        "What is no array at all is refused",
        arguments: [
            ([], "the file starts with no magic number of NumPy"),
            (Array("PK\u{3}\u{4}aaaaaaaaaaaa".utf8), "the file starts with no magic number of NumPy"),
            (
                [0x93] + Array("NUMPY".utf8) + [4, 0, 0, 0, 0, 0],
                "its version is 4.0, where 1.0, 2.0 or 3.0 was expected"
            ),
            (
                [0x93] + Array("NUMPY".utf8) + [2, 0, 255, 255, 255, 255],
                "its header has 4294967295 bytes, more than 65536"
            ),
            ([0x93] + Array("NUMPY".utf8) + [1, 0, 200, 0], "the file ends within its header"),
        ] as [([UInt8], String)]
    )
    func noArray(_ bytes: [UInt8], _ expected: String) {
        #expect(refuse(bytes) == "a.npy: is no array that NumPy writes: \(expected)")
    }

    private func refuse(_ header: String, data: [UInt8]) -> String {
        let length = header.utf8.count
        return refuse(
            [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(header.utf8) + data
        )
    }

    private func refuse(_ bytes: [UInt8]) -> String {
        withTemporaryFolder { folder in
            write(bytes, to: "\(folder)/a.npy")
            let words = refusal { try NumpyArray(file: "\(folder)/a.npy") }
            return words.hasPrefix(folder) ? String(words.dropFirst(folder.count + 1)) : words
        }
    }
}
