internal import TensorCore

/// A value that a pickle builds: a number into the heap's list of nodes.
typealias PickleReference = UInt32

/// A range of the pickle's bytes, or of another list.
struct PickleRange {
    let start: UInt32
    let count: UInt32

    init(_ range: Range<Int>) {
        start = UInt32(range.lowerBound)
        count = UInt32(range.count)
    }

    var range: Range<Int> { Int(start)..<(Int(start) + Int(count)) }
}

/// One value.
///
/// Those with parts refer to a list of the heap, so that no value owns another: dropping, comparing and walking
/// them never recurses, however deep a pickle nests.
enum PickleNode {
    case none
    case bool(Bool)
    case int(Int)
    /// An integer of more than 64 bits, in two's complement, least byte first.
    case long(PickleRange)
    case float(Double)
    case string(PickleRange)
    case bytes(PickleRange)
    /// A part of the heap's list of tuple members, which never change; and whether it can be a key, found once.
    case tuple(PickleRange, isKey: Bool)
    case list(UInt32)
    case dict(UInt32)
    /// An OrderedDict, Counter or defaultdict: a dict that BUILD may give attributes.
    case mapping(UInt32)
    case set(UInt32)
    /// An object whose attributes are looked at: a list of its class and, once BUILD has come, its state.
    case record(UInt32)
    case global(UInt32)
    case storage(UInt32)
    case tensor(UInt32)
    /// A tensor whose data is not plainly in the file; refused where it is one of the weights.
    case unreadable(UnreadableTensor)
    /// A value that has nothing to do with weights: a date, a path, an option.
    case opaque

    /// The list of keys and values, alternating, of a dict of any kind.
    var entries: UInt32? {
        switch self {
        case .dict(let list), .mapping(let list): list
        default: nil
        }
    }

    /// Whether it can be part of a tuple that is a key. Python hashes tuples of tuples too, but takes forever where they share
    /// parts.
    var isKeyPart: Bool {
        switch self {
        case .list, .dict, .mapping, .set, .tuple: false
        default: true
        }
    }

    /// What it is, as Python names it.
    var kind: String {
        switch self {
        case .none: "None"
        case .bool: "a bool"
        case .int: "an int"
        case .long: "an int beyond 64 bits"
        case .float: "a float"
        case .string: "a str"
        case .bytes: "bytes"
        case .tuple: "a tuple"
        case .list: "a list"
        case .dict, .mapping: "a dict"
        case .set: "a set"
        case .record: "an object with attributes"
        case .global: "a class or function"
        case .storage: "a storage"
        case .tensor, .unreadable: "a tensor"
        case .opaque: "an object"
        }
    }
}

/// A tensor as the pickle describes it.
struct PickledTensor {
    /// A number into the heap's storages.
    let storage: Int
    let dtype: DType
    let shape: Shape
    /// The first element, counted from the storage's beginning.
    let offset: Int
    /// In elements; nil where they follow each other in row-major order.
    let strides: [Int]?
}

/// A storage as the pickle refers to it.
struct PickledStorage {
    /// Its name in the file.
    let key: String
    /// The type of its elements; U8 for an untyped storage.
    let dtype: DType
    /// Its elements.
    let count: Int
    /// In legacy files: the part of the storage that is meant, in elements.
    let view: Range<Int>?

    /// The bytes of the whole storage, which are known not to overflow.
    var byteCount: Int { count * (dtype.bitCount / 8) }
}

/// All that a pickle has built.
struct PickleHeap {
    static let tensorLimit = ReadingBudget.tensorLimit

    private(set) var nodes: [PickleNode] = [.none, .bool(false), .bool(true), .opaque]
    private(set) var lists: [[PickleReference]] = []
    private var tupleItems: [PickleReference] = []
    private(set) var globals: [TorchGlobal] = []
    private(set) var storages: [PickledStorage] = []
    private(set) var tensors: [PickledTensor] = []
    /// What may still be done on behalf of the file that the pickle comes from.
    private(set) var budget: ReadingBudget

    init(budget: ReadingBudget) {
        self.budget = budget
    }

    static let none: PickleReference = 0
    static let opaque: PickleReference = 3

    static func bool(_ value: Bool) -> PickleReference { value ? 2 : 1 }

    subscript(reference: PickleReference) -> PickleNode {
        nodes[Int(reference)]
    }

    /// Counts values against the limit.
    mutating func charge(_ count: Int) throws(PickleFault) {
        if let limit = budget.charge(count, .values) { throw .tooManyValues(limit: limit) }
    }

    /// Counts parts of values that are looked at once more than they were built.
    mutating func look(_ count: Int) throws(PickleFault) {
        if let limit = budget.charge(count, .looks) { throw .tooManyLooks(limit: limit) }
    }

    mutating func add(_ node: PickleNode) throws(PickleFault) -> PickleReference {
        try charge(1)
        nodes.append(node)
        return PickleReference(nodes.count - 1)
    }

    mutating func addList(_ items: some Collection<PickleReference>) throws(PickleFault) -> UInt32 {
        try charge(items.count + 2)
        lists.append(Array(items))
        return UInt32(lists.count - 1)
    }

    mutating func addTuple(_ items: some Collection<PickleReference>) throws(PickleFault) -> PickleReference {
        try charge(items.count)
        let start = tupleItems.count
        tupleItems.append(contentsOf: items)
        let isKey = items.allSatisfy { self[$0].isKeyPart }
        return try add(.tuple(PickleRange(start..<tupleItems.count), isKey: isKey))
    }

    mutating func append(_ items: some Collection<PickleReference>, to list: UInt32) throws(PickleFault) {
        try charge(items.count)
        lists[Int(list)].append(contentsOf: items)
    }

    mutating func add(_ global: TorchGlobal) throws(PickleFault) -> PickleReference {
        try charge(4)
        globals.append(global)
        return try add(.global(UInt32(globals.count - 1)))
    }

    mutating func add(_ storage: PickledStorage) throws(PickleFault) -> PickleReference {
        try charge(8)
        guard storages.count < Self.tensorLimit else { throw .tooManyTensors(limit: Self.tensorLimit) }
        storages.append(storage)
        return try add(.storage(UInt32(storages.count - 1)))
    }

    mutating func add(_ tensor: PickledTensor) throws(PickleFault) -> PickleReference {
        try charge(8 + 2 * tensor.shape.dimensions.count)
        guard tensors.count < Self.tensorLimit else { throw .tooManyTensors(limit: Self.tensorLimit) }
        tensors.append(tensor)
        return try add(.tensor(UInt32(tensors.count - 1)))
    }

    /// The parts of a tuple, list or set, or nil of anything else.
    func items(_ reference: PickleReference) -> [PickleReference]? {
        switch self[reference] {
        case .tuple(let part, _): Array(tupleItems[part.range])
        case .list(let list), .set(let list): lists[Int(list)]
        default: nil
        }
    }

    /// How many parts `items` gives, without making a list of them.
    func itemCount(_ reference: PickleReference) -> Int? {
        switch self[reference] {
        case .tuple(let part, _): Int(part.count)
        case .list(let list), .set(let list): lists[Int(list)].count
        default: nil
        }
    }

    /// The parts of a tuple that a function is called with: it may be one and the same for every call.
    mutating func arguments(_ reference: PickleReference) throws(PickleFault) -> [PickleReference]? {
        guard case .tuple(let part, _) = self[reference] else { return nil }
        try look(Int(part.count))
        return items(reference)
    }

    /// The parts of a tuple alone, where it has no more than are wanted of any.
    func tuple(_ reference: PickleReference, atMost limit: Int) -> [PickleReference]? {
        guard case .tuple(let part, _) = self[reference], part.count <= limit else { return nil }
        return items(reference)
    }

    /// The state that BUILD gave an object, or nil of anything else.
    func state(_ reference: PickleReference) -> PickleReference? {
        guard case .record(let list) = self[reference], lists[Int(list)].count == 2 else { return nil }
        return lists[Int(list)][1]
    }

    /// The parts of a tuple alone.
    func tuple(_ reference: PickleReference) -> [PickleReference]? {
        if case .tuple = self[reference] { return items(reference) }
        return nil
    }

    func global(_ reference: PickleReference) -> TorchGlobal? {
        if case .global(let index) = self[reference] { return globals[Int(index)] }
        return nil
    }

    func int(_ reference: PickleReference) -> Int? {
        if case .int(let value) = self[reference] { return value }
        return nil
    }
}
