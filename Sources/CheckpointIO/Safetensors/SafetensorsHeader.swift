package import StrictJSON
package import TensorCore

/// The header of a safetensors file, checked: what tensors there are, and where their data lies.
package struct SafetensorsHeader: Sendable {
    /// A tensor and the bytes of the file that hold it.
    package struct Entry: Sendable {
        package let descriptor: TensorDescriptor
        /// Counted from the beginning of the file.
        package let range: Range<Int>
    }

    /// The longest header that the reference reads.
    package static let lengthLimit: UInt64 = 100_000_000
    /// More than any checkpoint has; bounds the memory that a hostile header can ask for.
    package static let tensorLimit = ReadingBudget.tensorLimit

    /// The tensors in the order of their data.
    package let entries: [Entry]
    /// The texts under `__metadata__`, in the order of the header.
    package let metadata: [JSONValue.Member]
    /// The bytes before the data: 8 and the header.
    package let dataStart: Int

    /// Reads and checks the header of a file.
    ///
    /// Every rule of the format is stated in this function and those it calls, and what comes out needs no further check.
    ///
    /// - Parameters:
    ///   - file: the whole file, or one that is still being written.
    ///   - isPartial: whether it is still being written, so that its size says nothing about the data.
    /// - Throws: the first rule that is broken.
    package init(reading file: InputFile, isPartial: Bool = false) throws(CheckpointError) {
        // Rules 1 to 3: eight bytes of length, at most 100 MB, within the file.
        guard file.size >= 8 else {
            throw CheckpointError(file.path, .file, SafetensorsFault.fileTooSmall(size: file.size))
        }
        let length = try file.bytes(at: 0, count: 8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= Self.lengthLimit else {
            throw CheckpointError(file.path, .byte(0), SafetensorsFault.headerTooLarge(length))
        }
        guard length <= UInt64(file.size - 8) else {
            let fault = SafetensorsFault.headerBeyondFile(header: length, file: file.size)
            throw CheckpointError(file.path, .byte(0), fault)
        }
        let header = try file.bytes(at: 8, count: Int(length))
        let parsed: Result<Self, CheckpointError> = header.withUnsafeBytes { bytes in
            do throws(CheckpointError) {
                return .success(try Self(parsing: bytes, path: file.path, fileSize: isPartial ? nil : file.size))
            } catch {
                return .failure(error)
            }
        }
        self = try parsed.get()
    }

    /// The size of the whole file, as the header has it.
    package var declaredSize: Int { entries.last?.range.upperBound ?? dataStart }

    /// Checks the header's JSON against the size of the file that it describes, where that is known.
    package init(parsing header: UnsafeRawBufferPointer, path: String, fileSize: Int?) throws(CheckpointError) {
        let start = 8 + header.count
        var metadata: [JSONValue.Member] = []
        var entries: [Entry] = []
        var failure: CheckpointError?
        let isObject: Bool
        do throws(JSONError) {
            // Rules 4 and 5: UTF-8, one JSON object. Rule 13: no name twice. A member is read and forgotten before the next.
            isObject = try JSONScanner.scan(header) { member in
                do throws(CheckpointError) {
                    try Self.read(member, dataStart: start, path: path, into: &entries, &metadata)
                } catch {
                    failure = error
                }
                return failure == nil
            }
        } catch {
            throw CheckpointError(path, .byte(8 + error.offset), SafetensorsFault.json(error.message))
        }
        if let failure { throw failure }
        guard isObject else { throw CheckpointError(path, .byte(8), SafetensorsFault.notObject) }
        try Self.checkLayout(&entries, dataStart: start, path: path, fileSize: fileSize)
        self.entries = entries
        self.metadata = metadata
        self.dataStart = start
    }

    private static func read(
        _ member: JSONScanner.Member,
        dataStart: Int,
        path: String,
        into entries: inout [Entry],
        _ metadata: inout [JSONValue.Member]
    ) throws(CheckpointError) {
        if member.key == UTF8Name("__metadata__") {
            // Rule 6: absent, null, or an object of strings.
            if case .null = member.value { return }
            guard let texts = member.value.members, texts.allSatisfy({ $0.value.string != nil }) else {
                throw CheckpointError(path, .byte(8 + member.keyOffset), SafetensorsFault.metadataNotStrings)
            }
            metadata = texts
            return
        }
        guard entries.count < tensorLimit else {
            throw CheckpointError(path, .byte(8), SafetensorsFault.tooManyTensors)
        }
        do throws(SafetensorsFault) {
            entries.append(try entry(member, dataStart: dataStart))
        } catch {
            throw CheckpointError(path, .tensor(member.key.string), error)
        }
    }

    /// Rules 7 to 9, 11 and 15, which concern one tensor.
    private static func entry(
        _ member: JSONScanner.Member,
        dataStart: Int
    ) throws(SafetensorsFault) -> Entry {
        guard let fields = member.value.members else { throw .notDescription(found: member.value.kind) }
        func field(_ name: String) throws(SafetensorsFault) -> JSONValue {
            guard let found = fields.first(where: { $0.key == name }) else { throw .missingField(name) }
            return found.value
        }
        guard case .string(let typeName) = try field("dtype") else { throw .wrongField("\"dtype\" is not a string") }
        guard let dtype = DType(rawValue: typeName), dtype.isSafetensors else { throw .unknownDType(typeName) }
        // "-0" is no unsigned integer to the reference.
        if member.hasNegativeZero { throw .numberNotWhole("shape or data_offsets") }
        let shape = Shape(try wholeNumbers(try field("shape"), "shape"))
        let offsets = try wholeNumbers(try field("data_offsets"), "data_offsets")
        guard offsets.count == 2 else {
            throw .wrongField("\"data_offsets\" holds \(offsets.count) numbers instead of 2")
        }
        guard offsets[0] <= offsets[1] else { throw .offsetsReversed(begin: offsets[0], end: offsets[1]) }
        let what = "\(dtype.rawValue) \(shape.description.escaped(limit: 60))"
        guard let count = shape.elementCount else { throw .sizeOverflow(shape.description.escaped(limit: 60)) }
        guard !count.multipliedReportingOverflow(by: dtype.bitCount).overflow else {
            throw .sizeOverflow(shape.description.escaped(limit: 60))
        }
        guard let needed = shape.byteCount(of: dtype) else { throw .partialByte(what) }
        let given = offsets[1] - offsets[0]
        guard needed == given else { throw .sizeMismatch(needed: needed, given: given, what: what) }
        let (end, overflow) = offsets[1].addingReportingOverflow(dataStart)
        guard !overflow else { throw .numberTooLarge("data_offsets", UInt64(offsets[1])) }
        return Entry(
            descriptor: TensorDescriptor(name: member.key.string, dtype: dtype, shape: shape),
            range: (offsets[0] + dataStart)..<end
        )
    }

    private static func wholeNumbers(_ value: JSONValue, _ field: String) throws(SafetensorsFault) -> [Int] {
        guard let elements = value.array else { throw .wrongField("\"\(field)\" is not a list") }
        var numbers: [Int] = []
        for element in elements {
            switch element {
            case .integer(let number) where number >= 0: numbers.append(number)
            case .unsigned(let number): throw .numberTooLarge(field, number)
            default: throw .numberNotWhole(field)
            }
        }
        return numbers
    }

    /// Rules 10 and 12: sorted by position, the data has no hole, no overlap, and ends where the file does.
    private static func checkLayout(
        _ entries: inout [Entry],
        dataStart: Int,
        path: String,
        fileSize: Int?
    ) throws(CheckpointError) {
        entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
        var end = dataStart
        for entry in entries {
            let begin = entry.range.lowerBound
            guard begin == end else {
                let (expected, found) = (end - dataStart, begin - dataStart)
                let fault: SafetensorsFault =
                    begin > end ? .hole(expected: expected, found: found) : .overlap(expected: expected, found: found)
                throw CheckpointError(path, .tensor(entry.descriptor.name), fault)
            }
            end = entry.range.upperBound
        }
        guard let fileSize else { return }
        guard end <= fileSize else {
            let fault = SafetensorsFault.dataTooShort(declared: end - dataStart, present: fileSize - dataStart)
            throw CheckpointError(path, .file, fault)
        }
        guard end == fileSize else {
            throw CheckpointError(path, .byte(end), SafetensorsFault.trailingBytes(fileSize - end))
        }
    }
}
