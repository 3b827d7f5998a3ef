internal import TensorCore

/// Follows the instructions of a pickle and builds the values that they describe, as data: names are looked up in an
/// allow-list, and "calling" one means reading its arguments.
struct PickleMachine {
    static let nameLimit = 4096

    /// How names and storages of this file are written.
    enum Dialect {
        case zip, legacy, tar
        /// The index of a distributed checkpoint, which holds no tensors.
        case index
    }

    let path: String
    let dialect: Dialect
    /// Where the pickle begins in its file or archive member, for messages.
    private let base: Int
    var source: PickleSource
    var heap: PickleHeap
    var stack: [PickleReference] = []
    /// In the tar format: the tensors that persistent ids name.
    var namedTensors: [String: PickledTensor] = [:]
    /// Where the values above each mark begin in the stack.
    private var marks: [Int] = []
    private var memo: [Int: PickleReference] = [:]
    /// The instruction being followed, for messages.
    private(set) var opcode = PickleOpcode.stop
    private var opcodeOffset = 0
    private var steps = 0
    private let stepLimit: Int

    init(_ source: PickleSource, path: String, dialect: Dialect, budget: ReadingBudget, base: Int = 0) {
        heap = PickleHeap(budget: budget)
        stepLimit = budget.limit(.instructions)
        self.base = base
        self.source = source
        self.path = path
        self.dialect = dialect
    }

    /// Runs the pickle that begins at the source's position, up to its STOP.
    ///
    /// - Returns: the value that is left. The heap keeps it and all others.
    mutating func run() throws(CheckpointError) -> PickleReference {
        stack = []
        marks = []
        memo = [:]
        while true {
            opcodeOffset = base + source.position
            guard let code = try source.takeByte() else {
                throw CheckpointError(path, .byte(opcodeOffset), endFault)
            }
            guard let known = PickleOpcode(rawValue: code) else {
                throw CheckpointError(path, .entry("pickle byte \(opcodeOffset)"), PickleFault.unknownInstruction(code))
            }
            opcode = known
            steps += 1
            guard steps <= stepLimit else { throw refusal(.tooManySteps(limit: stepLimit)) }
            if known == .stop { return try result() }
            do throws(PickleFault) {
                if let value = try simpleValue(known) {
                    stack.append(value)
                    continue
                }
            } catch {
                throw refusal(error)
            }
            if try readOperand(known) { continue }
            do throws(PickleFault) {
                try follow(known)
            } catch {
                throw refusal(error)
            }
        }
    }

    /// An error at the current instruction.
    func refusal(_ fault: PickleFault) -> CheckpointError {
        CheckpointError(path, .opcode(opcode.name, opcodeOffset), fault)
    }

    var endFault: PickleFault { source.exceedsLimit ? .tooLarge(limit: PickleSource.sizeLimit) : .endsEarly }

    private mutating func result() throws(CheckpointError) -> PickleReference {
        guard stack.count == 1, marks.isEmpty, let value = stack.first else {
            throw refusal(stack.isEmpty ? PickleFault.stackEmpty : .stackLeft(stack.count))
        }
        return value
    }

    // MARK: The stack

    /// Takes the value on top, not reaching below the last mark.
    mutating func pop() throws(PickleFault) -> PickleReference {
        guard stack.count > marks.last ?? 0, let value = stack.popLast() else { throw .stackEmpty }
        return value
    }

    func top() throws(PickleFault) -> PickleReference {
        guard stack.count > marks.last ?? 0, let value = stack.last else { throw .stackEmpty }
        return value
    }

    private mutating func popMark() throws(PickleFault) -> [PickleReference] {
        guard let mark = marks.popLast() else { throw .noMark }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private mutating func popTuple(_ count: Int) throws(PickleFault) {
        guard stack.count - (marks.last ?? 0) >= count else { throw .stackEmpty }
        let tuple = try heap.addTuple(stack[(stack.count - count)...])
        stack.removeLast(count)
        stack.append(tuple)
    }

    // MARK: Instructions

    /// The value that an instruction without operand pushes, or nil of others.
    private mutating func simpleValue(_ code: PickleOpcode) throws(PickleFault) -> PickleReference? {
        switch code {
        case .none: PickleHeap.none
        case .newTrue: PickleHeap.bool(true)
        case .newFalse: PickleHeap.bool(false)
        case .emptyDict: try heap.add(.dict(try heap.addList([])))
        case .emptyList: try heap.add(.list(try heap.addList([])))
        case .emptyTuple: try heap.addTuple([])
        case .emptySet: try heap.add(.set(try heap.addList([])))
        default: nil
        }
    }

    /// Follows an instruction that has an operand in the bytes after it; false of others.
    private mutating func readOperand(_ code: PickleOpcode) throws(CheckpointError) -> Bool {
        switch code {
        case .proto:
            let version = try number(1)
            guard version <= 5 else { throw refusal(PickleFault.protocolTooNew(UInt8(version))) }
        case .frame:
            let length = try number(8)
            guard length <= UInt64(source.remaining) else {
                throw refusal(PickleFault.lengthBeyondEnd(length, left: source.remaining))
            }
        case .binInt: try push(.int(Int(Int32(truncatingIfNeeded: try number(4)))))
        case .binInt1: try push(.int(Int(try number(1))))
        case .binInt2: try push(.int(Int(try number(2))))
        case .binFloat: try push(.float(Double(bitPattern: try number(8).byteSwapped)))
        case .long1: try pushLong(try block(try number(1)))
        case .long4: try pushLong(try block(signed: try number(4)))
        case .binUnicode: try pushText(try block(try number(4)))
        case .shortBinUnicode: try pushText(try block(try number(1)))
        case .binUnicode8: try pushText(try block(try number(8)))
        case .shortBinString: try pushByteText(try block(try number(1)))
        case .binString: try pushByteText(try block(signed: try number(4)))
        case .binBytes: try push(.bytes(PickleRange(try block(try number(4)))))
        case .shortBinBytes: try push(.bytes(PickleRange(try block(try number(1)))))
        case .binBytes8, .byteArray8: try push(.bytes(PickleRange(try block(try number(8)))))
        case .binPut: try put(Int(try number(1)))
        case .longBinPut: try put(Int(try number(4)))
        case .binGet: try get(Int(try number(1)))
        case .longBinGet: try get(Int(try number(4)))
        case .int, .long: try pushNumberLine()
        case .global: try pushGlobal()
        default: return false
        }
        return true
    }

    /// Follows an instruction that works on the stack alone.
    private mutating func follow(_ code: PickleOpcode) throws(PickleFault) {
        switch code {
        case .mark: marks.append(stack.count)
        case .pop: _ = try pop()
        case .popMark: _ = try popMark()
        case .tuple: stack.append(try heap.addTuple(try popMark()))
        case .tuple1: try popTuple(1)
        case .tuple2: try popTuple(2)
        case .tuple3: try popTuple(3)
        case .frozenSet:
            let items = try popMark()
            for item in items { try checkKey(item) }
            stack.append(try heap.add(.set(try heap.addList(items))))
        case .append: try append([try pop()])
        case .appends: try append(try popMark())
        case .setItem:
            let value = try pop()
            try setItems([try pop(), value])
        case .setItems: try setItems(try popMark())
        case .addItems:
            let items = try popMark()
            guard case .set(let list) = heap[try top()] else { throw mismatch("a set", try top()) }
            for item in items { try checkKey(item) }
            try heap.append(items, to: list)
        case .memoize:
            try heap.charge(1)
            memo[memo.count] = try top()
        case .stackGlobal: try pushStackGlobal()
        case .reduce: try reduce()
        case .newObj: try makeObject()
        case .build: try build()
        case .binPersID: try pushStorage()
        default: throw .neverWritten
        }
    }

    private mutating func append(_ items: [PickleReference]) throws(PickleFault) {
        switch heap[try top()] {
        case .list(let list): try heap.append(items, to: list)
        case .opaque: break
        default: throw mismatch("a list", try top())
        }
    }

    private mutating func setItems(_ items: [PickleReference]) throws(PickleFault) {
        guard items.count % 2 == 0 else { throw .oddItems }
        for index in stride(from: 0, to: items.count, by: 2) { try checkKey(items[index]) }
        let target = heap[try top()]
        if case .opaque = target { return }
        guard let list = target.entries else { throw mismatch("a dict", try top()) }
        try heap.append(items, to: list)
    }

    func mismatch(_ expected: String, _ found: PickleReference) -> PickleFault {
        .wrongTarget(expected: expected, found: heap[found].kind)
    }

    /// Refuses what Python could not hash, and tuples of tuples: hashing those takes forever where they share parts.
    func checkKey(_ key: PickleReference) throws(PickleFault) {
        switch heap[key] {
        case .list, .dict, .mapping, .set: throw .unhashableKey(heap[key].kind)
        case .tuple(_, isKey: false):
            let part = heap.items(key)?.first { !heap[$0].isKeyPart }
            throw .unhashableKey("a tuple that holds \(part.map { heap[$0].kind } ?? "another")")
        default: break
        }
    }

    // MARK: Operands

    private mutating func number(_ count: Int) throws(CheckpointError) -> UInt64 {
        guard let value = try source.takeNumber(count) else { throw refusal(endFault) }
        return value
    }

    private mutating func block(_ length: UInt64) throws(CheckpointError) -> Range<Int> {
        let left = source.remaining
        guard length <= UInt64(left), let range = try source.take(Int(length)) else {
            throw refusal(
                length <= UInt64(left)
                    ? PickleFault.tooLarge(limit: PickleSource.sizeLimit) : .lengthBeyondEnd(length, left: left)
            )
        }
        return range
    }

    private mutating func block(signed length: UInt64) throws(CheckpointError) -> Range<Int> {
        let signed = Int32(truncatingIfNeeded: length)
        guard signed >= 0 else { throw refusal(PickleFault.negativeLength(Int(signed))) }
        return try block(UInt64(signed))
    }

    private mutating func push(_ node: PickleNode) throws(CheckpointError) {
        do throws(PickleFault) {
            stack.append(try heap.add(node))
        } catch {
            throw refusal(error)
        }
    }

    private mutating func pushText(_ range: Range<Int>) throws(CheckpointError) {
        guard isUTF8(range) else { throw refusal(PickleFault.notText) }
        try push(.string(PickleRange(range)))
    }

    /// A str of Python 2, which may be text or bytes.
    private mutating func pushByteText(_ range: Range<Int>) throws(CheckpointError) {
        try push(isUTF8(range) ? .string(PickleRange(range)) : .bytes(PickleRange(range)))
    }

    private func isUTF8(_ range: Range<Int>) -> Bool {
        source.bytes.withUnsafeBufferPointer { bytes in
            let part = UnsafeBufferPointer(rebasing: bytes[range])
            return part.allSatisfy { $0 < 0x80 } || String(validating: part, as: UTF8.self) != nil
        }
    }

    private mutating func pushLong(_ range: Range<Int>) throws(CheckpointError) {
        guard range.count <= 8 else { return try push(.long(PickleRange(range))) }
        var value = source.bytes[range].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        if let last = source.bytes[range].last, last >= 0x80, range.count < 8 {
            value |= UInt64.max << UInt64(8 * range.count)
        }
        try push(.int(Int(Int64(bitPattern: value))))
    }

    /// INT and LONG: a number as text; `00` and `01` of INT are False and True.
    private mutating func pushNumberLine() throws(CheckpointError) {
        guard let line = try source.takeLine(limit: 32) else { throw refusal(PickleFault.badNumber) }
        var text = String(decoding: source.bytes[line], as: UTF8.self)
        if opcode == .int, text == "00" || text == "01" { return stack.append(PickleHeap.bool(text == "01")) }
        if opcode == .long, text.hasSuffix("L") { text.removeLast() }
        guard let value = Int(text) else { throw refusal(PickleFault.badNumber) }
        try push(.int(value))
    }

    private mutating func put(_ index: Int) throws(CheckpointError) {
        do throws(PickleFault) {
            if memo.updateValue(try top(), forKey: index) == nil { try heap.charge(1) }
        } catch {
            throw refusal(error)
        }
    }

    private mutating func get(_ index: Int) throws(CheckpointError) {
        guard let value = memo[index] else { throw refusal(PickleFault.memoMissing(index)) }
        stack.append(value)
    }
}
