internal import TensorCore

/// Tensors and their storages: the arguments of torch's `_rebuild_*` functions, checked.
extension PickleMachine {
    /// torch itself has no tensors of more dimensions.
    private static var rankLimit: Int { 64 }
    private static var keyLimit: Int { 128 }

    // MARK: Storages

    /// BINPERSID: a storage, named by `('storage', class, key, location, count)`; legacy files add a view.
    mutating func pushStorage() throws(PickleFault) {
        let reference = try pop()
        guard dialect != .index else { throw .badStorageID }
        if dialect == .tar { return stack.append(try tarTensor(reference)) }
        guard case .tuple = heap[reference] else { throw mismatch("a tuple that names a storage", reference) }
        guard let parts = heap.tuple(reference, atMost: 6), let first = parts.first,
            case .string(let tag) = heap[first],
            tag.count <= Self.keyLimit, let word = text(tag.range)
        else {
            throw .badStorageID
        }
        if word == "module" { throw .wholeModel("torch.nn.Module") }
        guard word == "storage", parts.count == 5 || dialect == .legacy && parts.count == 6 else {
            throw .badStorageID
        }
        let (dtype, key) = (try storageType(parts[1]), try storageKey(parts[2]))
        guard let count = heap.int(parts[4]), count >= 0,
            !count.multipliedReportingOverflow(by: dtype.bitCount / 8).overflow
        else { throw .badStorageSize }
        var view: Range<Int>?
        if parts.count == 6 { view = try self.view(parts[5], of: count) }
        stack.append(try heap.add(PickledStorage(key: key, dtype: dtype, count: count, view: view)))
    }

    func storageType(_ reference: PickleReference) throws(PickleFault) -> DType {
        switch heap.global(reference) {
        case .storage(let dtype)?: return dtype
        case .unknownType(let name)?: throw .wrongTarget(expected: "a storage of a known type", found: name)
        default: throw mismatch("a storage class", reference)
        }
    }

    /// The name of a storage: a text, or in old files a number.
    func storageKey(_ reference: PickleReference) throws(PickleFault) -> String {
        switch heap[reference] {
        case .string(let key) where key.count <= Self.keyLimit:
            guard let key = text(key.range) else { throw .notText }
            return key
        case .int(let key): return String(key)
        case .string: throw .badStorageID
        default: throw mismatch("the name of a storage", reference)
        }
    }

    /// A legacy view: None, or `(key, offset, size)` in elements.
    private func view(_ reference: PickleReference, of count: Int) throws(PickleFault) -> Range<Int>? {
        if case .none = heap[reference] { return nil }
        guard let parts = heap.tuple(reference, atMost: 3), parts.count == 3, let offset = heap.int(parts[1]),
            let size = heap.int(parts[2]), offset >= 0, size >= 0, offset <= count, size <= count - offset
        else { throw .badView }
        return offset..<(offset + size)
    }

    // MARK: Tensors

    /// The tensor that one of torch's functions makes of its arguments.
    mutating func rebuild(
        _ function: TorchGlobal,
        _ arguments: [PickleReference]
    ) throws(PickleFault) -> PickleReference {
        switch function {
        case .rebuildTensor:
            guard arguments.count == 4 else { throw .badArguments(of: "_rebuild_tensor") }
            return try tensor(arguments, dtype: nil)
        case .rebuildTensorV2:
            guard arguments.count == 6 || arguments.count == 7 else { throw .badArguments(of: "_rebuild_tensor_v2") }
            if arguments.count == 7, let reason = try flags(arguments[6]) { return try heap.add(.unreadable(reason)) }
            return try tensor(arguments, dtype: nil)
        case .rebuildTensorV3:
            guard arguments.count == 7 || arguments.count == 8 else { throw .badArguments(of: "_rebuild_tensor_v3") }
            switch heap.global(arguments[6]) {
            case .dtype(let dtype)?:
                if arguments.count == 8, let reason = try flags(arguments[7]) {
                    return try heap.add(.unreadable(reason))
                }
                return try tensor(arguments, dtype: dtype)
            case .unknownType(let name)?: throw .wrongTarget(expected: "a known dtype", found: name)
            default: throw mismatch("a dtype", arguments[6])
            }
        case .parameter, .rebuildParameter, .rebuildParameterWithState:
            guard let first = arguments.first, arguments.count <= 4, isTensor(first) else {
                throw .badArguments(of: "Parameter")
            }
            return first
        case .rebuildFromType:
            if arguments.count == 4, case .rebuildUnreadable(let reason)? = heap.global(arguments[1]) {
                return try heap.add(.unreadable(reason))
            }
            // (function, class, arguments, attributes): the function must be another of these.
            guard arguments.count == 4, let inner = heap.global(arguments[0]),
                let items = try heap.arguments(arguments[2])
            else {
                throw .badArguments(of: "_rebuild_from_type_v2")
            }
            switch inner {
            case .rebuildTensor, .rebuildTensorV2, .rebuildTensorV3, .rebuildParameter, .rebuildParameterWithState,
                .rebuildUnreadable:
                return try rebuild(inner, items)
            default: throw .badArguments(of: "_rebuild_from_type_v2")
            }
        case .rebuildUnreadable(let reason): return try heap.add(.unreadable(reason))
        default: throw .notCallable("this")
        }
    }

    /// The metadata of a tensor, `{"conj": True, "neg": True}`: its values are not those of its storage.
    private mutating func flags(_ reference: PickleReference) throws(PickleFault) -> UnreadableTensor? {
        if case .none = heap[reference] { return nil }
        guard let list = heap[reference].entries else { throw mismatch("a dict of metadata", reference) }
        // Every tensor may have one and the same dict.
        try heap.look(heap.lists[Int(list)].count)
        let items = heap.lists[Int(list)]
        for index in stride(from: 0, to: items.count, by: 2) {
            guard case .bool(true) = heap[items[index + 1]] else { continue }
            guard case .string(let key) = heap[items[index]] else { continue }
            let name = source.bytes[key.range]
            if name.elementsEqual("conj".utf8) { return .conjugated }
            if name.elementsEqual("neg".utf8) { return .negated }
        }
        return nil
    }

    /// `(storage, offset, size, stride, …)`.
    private mutating func tensor(
        _ arguments: [PickleReference],
        dtype given: DType?
    ) throws(PickleFault) -> PickleReference {
        guard case .storage(let index) = heap[arguments[0]] else { throw mismatch("a storage", arguments[0]) }
        guard let offset = heap.int(arguments[1]) else { throw mismatch("an offset", arguments[1]) }
        let (shape, strides) = (try sizes(arguments[2]), try sizes(arguments[3]))
        let storage = heap.storages[Int(index)]
        let dtype = given ?? storage.dtype
        // The storage's elements as the tensor counts them.
        let visible = storage.view?.count ?? storage.count
        let count = given == nil ? visible : visible * (storage.dtype.bitCount / 8) / (dtype.bitCount / 8)
        let begin = storage.view.map { $0.lowerBound * (storage.dtype.bitCount / 8) / (dtype.bitCount / 8) } ?? 0
        let layout: TensorLayout
        do throws(TensorFault) {
            layout = try TensorLayout(shape: shape, strides: strides, offset: offset, dtype: dtype, within: count)
        } catch {
            throw .tensor(name: nameOfTensor, error)
        }
        return try heap.add(
            PickledTensor(
                storage: Int(index),
                dtype: dtype,
                shape: Shape(shape),
                offset: layout.offset + begin,
                strides: layout.strides
            )
        )
    }

    /// The key that stands below a tensor while a dict is filled: its name, in all likelihood.
    private var nameOfTensor: String? {
        guard let last = stack.last, case .string(let key) = heap[last], key.count <= Self.nameLimit else { return nil }
        return text(key.range)
    }

    private func sizes(_ reference: PickleReference) throws(PickleFault) -> [Int] {
        guard case .tuple(let part, _) = heap[reference] else { throw mismatch("a tuple of sizes", reference) }
        guard let items = heap.tuple(reference, atMost: Self.rankLimit) else {
            throw .tensor(name: nameOfTensor, .tooManyDimensions(Int(part.count), limit: Self.rankLimit))
        }
        var sizes: [Int] = []
        for item in items {
            guard let size = heap.int(item) else { throw mismatch("a size", item) }
            sizes.append(size)
        }
        return sizes
    }
}
extension PickleMachine {
    /// In the tar format a persistent id is the number of a tensor, written as text.
    fileprivate mutating func tarTensor(_ reference: PickleReference) throws(PickleFault) -> PickleReference {
        // A tuple is the class of a module, with its source.
        if case .tuple = heap[reference] { throw .wholeModel("torch.nn.Module") }
        guard let tensor = namedTensors[try storageKey(reference)] else {
            throw .badStorageID
        }
        return try heap.add(tensor)
    }
}
