internal import TensorCore

/// Names and what is made from them. Every "call" is a reading of its arguments as data.
extension PickleMachine {
    // MARK: Names

    mutating func pushGlobal() throws(CheckpointError) {
        guard let module = try source.takeLine(limit: Self.nameLimit),
            let name = try source.takeLine(limit: Self.nameLimit)
        else { throw refusal(source.remaining > 0 ? PickleFault.nameTooLong(limit: Self.nameLimit) : endFault) }
        do throws(PickleFault) {
            try push(module: module, name: name)
        } catch {
            throw refusal(error)
        }
    }

    mutating func pushStackGlobal() throws(PickleFault) {
        let (name, module) = (try pop(), try pop())
        guard case .string(let nameText) = heap[name], case .string(let moduleText) = heap[module] else {
            throw .nameNotText
        }
        guard nameText.count <= Self.nameLimit, moduleText.count <= Self.nameLimit else {
            throw .nameTooLong(limit: Self.nameLimit)
        }
        try push(module: moduleText.range, name: nameText.range)
    }

    private mutating func push(module: Range<Int>, name: Range<Int>) throws(PickleFault) {
        guard let module = text(module), let name = text(name) else { throw .nameNotText }
        let (first, last) = (Substring(module), Substring(name))
        let found =
            dialect == .index
            ? TorchGlobal.findInIndex(module: first, name: last) : TorchGlobal.find(module: first, name: last)
        guard let meaning = found else {
            let whole = module.isEmpty && name.isEmpty ? "a name without letters" : module + "." + name
            throw stack.isEmpty && isModelClass(module, name) ? .wholeModel(whole) : .globalRefused(whole)
        }
        stack.append(try heap.add(meaning))
    }

    /// Whether a name that comes first in a pickle, where a state dict has none, looks like the class of a model.
    private func isModelClass(_ module: String, _ name: String) -> Bool {
        let system: Set<Substring> = [
            "os", "posix", "nt", "io", "sys", "types", "builtins", "subprocess", "logging", "bdb", "code",
            "collections",
            "ctypes", "importlib", "shutil", "socket", "threading", "multiprocessing",
        ]
        guard !module.hasPrefix("_") || module == "__main__", !system.contains(module.prefix { $0 != "." }) else {
            return false
        }
        return !name.contains(".") && name.unicodeScalars.first.map { $0.properties.isUppercase } ?? false
    }

    /// Bytes of the source as text, or nil where they are not valid UTF-8.
    func text(_ range: Range<Int>) -> String? {
        String(validating: source.bytes[range], as: UTF8.self)
    }

    // MARK: Objects

    mutating func reduce() throws(PickleFault) {
        let (arguments, function) = (try pop(), try pop())
        guard let meaning = heap.global(function) else {
            if case .opaque = heap[function] { return stack.append(PickleHeap.opaque) }
            throw .notCallable(heap[function].kind)
        }
        guard let items = try heap.arguments(arguments) else { throw mismatch("a tuple of arguments", arguments) }
        stack.append(try value(of: meaning, items))
    }

    /// NEWOBJ: what `cls.__new__(cls, *arguments)` would make.
    mutating func makeObject() throws(PickleFault) {
        let (arguments, type) = (try pop(), try pop())
        guard let meaning = heap.global(type) else { throw .notCallable(heap[type].kind) }
        guard let items = try heap.arguments(arguments) else { throw mismatch("a tuple of arguments", arguments) }
        switch meaning {
        case .parameter:
            guard let first = items.first, isTensor(first) else { throw .badArguments(of: "Parameter") }
            stack.append(first)
        case .record:
            guard items.isEmpty else { throw .badArguments(of: "an object of the index") }
            stack.append(try heap.add(.record(try heap.addList([type]))))
        case .orderedDict, .counter, .defaultDict, .set, .frozenSet, .size, .opaque:
            stack.append(try value(of: meaning, items))
        default: throw .notCallable("a class that is not made this way")
        }
    }

    /// BUILD: gives an object its attributes, which no weight is among.
    mutating func build() throws(PickleFault) {
        let state = try pop()
        switch heap[try top()] {
        case .record(let list):
            guard heap.lists[Int(list)].count == 1 else { throw .badArguments(of: "an object of the index") }
            try heap.append([state], to: list)
        case .mapping, .tensor, .unreadable, .opaque: break
        default: throw mismatch("an object that has attributes", try top())
        }
    }

    func isTensor(_ reference: PickleReference) -> Bool {
        switch heap[reference] {
        case .tensor, .unreadable: true
        default: false
        }
    }

    /// The value that a class or function of the allow-list makes of its arguments.
    private mutating func value(
        of meaning: TorchGlobal,
        _ arguments: [PickleReference]
    ) throws(PickleFault) -> PickleReference {
        switch meaning {
        case .orderedDict, .counter: return try mapping(arguments)
        case .defaultDict: return try mapping([])
        case .set, .frozenSet: return try set(arguments)
        case .size:
            guard arguments.count == 1, case .tuple? = arguments.first.map({ heap[$0] }) else {
                throw .badArguments(of: "torch.Size")
            }
            return arguments[0]
        case .byteArray, .bytes:
            // bytearray(2**40) is memory without a value: only bytes make sense.
            guard arguments.count <= 2, arguments.first.map(isBytesOrText) ?? true else {
                throw .badArguments(of: "bytearray")
            }
            return PickleHeap.opaque
        case .complex:
            guard arguments.count <= 2, arguments.allSatisfy(isNumber) else { throw .badArguments(of: "complex") }
            return PickleHeap.opaque
        case .encode: return try encoded(arguments)
        case .device:
            guard let first = arguments.first, arguments.count <= 2, case .string = heap[first] else {
                throw .badArguments(of: "torch.device")
            }
            return PickleHeap.opaque
        case .layout: return try layout(arguments)
        case .numpyDType:
            guard let first = arguments.first, case .string = heap[first] else {
                throw .badArguments(of: "numpy.dtype")
            }
            return PickleHeap.opaque
        case .numpyScalar, .numpyReconstruct, .opaque: return PickleHeap.opaque
        case .parameter, .rebuildTensor, .rebuildTensorV2, .rebuildTensorV3, .rebuildParameter,
            .rebuildParameterWithState, .rebuildFromType, .rebuildUnreadable:
            return try rebuild(meaning, arguments)
        case .tensorClass: throw .notCallable("a tensor class, which makes memory without a value,")
        case .storage, .unknownType: throw .notCallable("a storage class")
        case .dtype: throw .notCallable("a dtype")
        case .record: throw .notCallable("a class of the index")
        }
    }

    private func isBytesOrText(_ reference: PickleReference) -> Bool {
        switch heap[reference] {
        case .bytes, .string, .opaque: true
        default: false
        }
    }

    private func isNumber(_ reference: PickleReference) -> Bool {
        switch heap[reference] {
        case .int, .float, .bool: true
        default: false
        }
    }

    /// `OrderedDict()`, or one made from a dict or a list of pairs.
    private mutating func mapping(_ arguments: [PickleReference]) throws(PickleFault) -> PickleReference {
        guard arguments.count <= 1 else { throw .badArguments(of: "OrderedDict") }
        var entries: [PickleReference] = []
        if let first = arguments.first {
            if let list = heap[first].entries {
                entries = heap.lists[Int(list)]
            } else if let count = heap.itemCount(first) {
                try heap.charge(count)
                for pair in heap.items(first) ?? [] {
                    guard heap.itemCount(pair) == 2, let parts = heap.items(pair) else {
                        throw .badArguments(of: "OrderedDict")
                    }
                    try checkKey(parts[0])
                    entries += parts
                }
            } else {
                throw .badArguments(of: "OrderedDict")
            }
        }
        return try heap.add(.mapping(try heap.addList(entries)))
    }

    private mutating func set(_ arguments: [PickleReference]) throws(PickleFault) -> PickleReference {
        guard arguments.count <= 1 else { throw .badArguments(of: "set") }
        var members: [PickleReference] = []
        if let first = arguments.first {
            guard let count = heap.itemCount(first) else { throw .badArguments(of: "set") }
            try heap.charge(count)
            members = heap.items(first) ?? []
        }
        for member in members { try checkKey(member) }
        return try heap.add(.set(try heap.addList(members)))
    }

    /// Reads `_codecs.encode(text, "latin1")`, which is how protocol 2 writes bytes.
    ///
    /// No more is kept than that they are bytes.
    private func encoded(_ arguments: [PickleReference]) throws(PickleFault) -> PickleReference {
        guard arguments.count == 2, case .string = heap[arguments[0]], case .string(let codec) = heap[arguments[1]],
            let name = text(codec.range), name == "latin1" || name == "latin-1"
        else { throw .badArguments(of: "_codecs.encode") }
        return PickleHeap.opaque
    }

    private func layout(_ arguments: [PickleReference]) throws(PickleFault) -> PickleReference {
        let known = [
            "strided", "sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc", "_mkldnn", "jagged",
        ]
        guard arguments.count == 1, case .string(let text) = heap[arguments[0]], let name = self.text(text.range),
            known.contains(where: { "torch." + $0 == name })
        else { throw .badArguments(of: "torch.serialization._get_layout") }
        return PickleHeap.opaque
    }
}
