internal import TensorCore

/// Finds the weights among all that a training checkpoint holds.
///
/// Weights are the tensors directly in a dict. Of the root, and of what it leads to:
/// 1. One of the well-known sections is taken, in the order of `preferred`; the others are named in a note, as are tensors
///    beside it, which are the state of a random generator or the like.
/// 2. Else a dict that holds tensors itself is the one; dicts in it are named in a note.
/// 3. Else, optimizers and the like aside, all dicts that hold tensors together: a single one is followed, several
///    (as `encoder` and `decoder`) are joined by dots.
struct TorchSections {
    /// The sections that frameworks store weights under.
    static let preferred = ["state_dict", "model", "module", "model_state_dict", "ema"]
    /// What trainers store that holds tensors and no weights.
    private static let neverWeights: Set<String> = [
        "optimizer", "optimizers", "optimizer_states", "optimizer_state_dict", "optim", "scheduler", "lr_scheduler",
        "lr_schedulers", "scaler", "grad_scaler", "callbacks", "rng_state", "rng_states", "random_state",
        "random_states", "sampler_state_dict", "optimizer_state",
    ]

    /// Whether a name is one of these, with a number behind it or not, as accelerate and DC-Gen write `optimizer_state_dict_0`.
    static func isNeverWeights(_ name: String) -> Bool {
        guard let end = name.utf8.lastIndex(of: UInt8(ascii: "_")) else { return neverWeights.contains(name) }
        let number = name[end...].dropFirst()
        let isNumbered = !number.isEmpty && number.utf8.allSatisfy { (0x30...0x39).contains($0) }
        return neverWeights.contains(isNumbered ? String(name[..<end]) : name)
    }

    /// Whether a part of a dict is known not to hold weights: by its name, or as the state of an optimizer, whatever a trainer
    /// calls it.
    mutating func isNeverWeights(_ name: String, _ list: UInt32?) throws(CheckpointError) -> Bool {
        if Self.isNeverWeights(name) { return true }
        guard let list else { return false }
        let names = try members(of: list).prefix(8).map(\.name)
        return names.contains("state") && names.contains("param_groups")
    }

    static let depthLimit = 64
    static let nameLimit = 65_536

    /// A key of a dict as a name, and its value.
    typealias Member = (name: String, value: PickleReference)

    /// The weights: names and numbers into the heap's tensors, in the order of the dict.
    var weights: [(name: String, tensor: Int)] = []
    private(set) var notes: [String] = []
    /// The section that was asked for and is no dict of the checkpoint.
    private(set) var unusedSection: Checkpoint.UnusedSection?
    /// Whether there is one tensor alone, without a name.
    private(set) var isUnnamed = false

    let path: String
    let heap: PickleHeap
    private let source: PickleSource
    /// The dicts through which a tensor can be reached, by the number of their lists.
    var holders: Set<UInt32> = []
    private var budget: ReadingBudget
    /// What `members` has found, so that a dict is looked through once.
    private var known: [UInt32: [Member]] = [:]

    /// Finds the weights of a checkpoint, or those of the section that is asked for.
    ///
    /// A section that is not there is an error, or is left to the caller where the options say so.
    init(_ machine: PickleMachine, root: PickleReference, _ options: OpenOptions) throws(CheckpointError) {
        path = machine.path
        heap = machine.heap
        source = machine.source
        budget = machine.heap.budget
        if options.section == nil, try takeBareTensor(root, options) { return }
        guard let top = heap[root].entries else {
            let hasTensors = (heap.items(root) ?? []).contains { if case .tensor = heap[$0] { true } else { false } }
            let kind = heap[root].kind
            let fault = hasTensors ? TorchFault.tensorsWithoutNames(kind: kind) : .notStateDict(kind: kind)
            throw CheckpointError(path, .file, fault)
        }
        findHolders(from: top)
        guard holders.contains(top) else {
            throw CheckpointError(path, .file, try isPartOfOptimizer(top) ? TorchFault.partitioned : .noTensors)
        }
        try refuseOptimizers(top)
        var (list, trail): (UInt32, [String]) = (top, [])
        if let section = options.section {
            do throws(CheckpointError) {
                (list, trail) = (try find(section, in: top), [section])
                try refuseSeveralAverages(list, section)
            } catch {
                guard options.leavesSection, case .noSection(_, let there)? = error.fault as? TorchFault else {
                    throw error
                }
                unusedSection = Checkpoint.UnusedSection(name: section, there: there)
            }
        }
        var visited: Set<UInt32> = [list]
        while try leadsFurther(list) {
            guard let next = try choose(in: list, at: trail), visited.insert(next.list).inserted,
                trail.count < Self.depthLimit
            else { break }
            list = next.list
            trail.append(next.name)
        }
        if !trail.isEmpty { notes.insert("weights taken from \(Self.shown(trail))", at: 0) }
        try collect(list, children: try !isWeights(list))
        try noteIgnored(in: list, at: trail)
        guard !weights.isEmpty else { throw CheckpointError(path, .file, TorchFault.noTensors) }
        try refusePartitions(top)
    }

    /// Takes a tensor that is all that was saved, as latents often are.
    private mutating func takeBareTensor(
        _ root: PickleReference,
        _ options: OpenOptions
    ) throws(CheckpointError) -> Bool {
        switch heap[root] {
        case .tensor(let tensor):
            weights = [(Checkpoint.unnamed, Int(tensor))]
            isUnnamed = true
            return true
        case .unreadable(let reason): throw CheckpointError(path, .file, TorchFault.unreadable(reason))
        case .list, .tuple:
            guard options.takesListedTensor else { return false }
            // A loader's batch of one, or what a function with several results gave.
            let items = (heap.itemCount(root) ?? 0) <= 8 ? heap.items(root) ?? [] : []
            let tensors = items.compactMap { if case .tensor(let tensor) = heap[$0] { Int(tensor) } else { nil } }
            guard let first = tensors.first, tensors.count == 1 else { return false }
            weights = [(Checkpoint.unnamed, first)]
            isUnnamed = true
            notes.append("the tensor was taken out of \(heap[root].kind)")
            return true
        default: return false
        }
    }

    /// Trainers keep several averages under the decay of each: they are copies of one another, and no two are one model.
    private mutating func refuseSeveralAverages(_ list: UInt32, _ section: String) throws(CheckpointError) {
        guard !holdsTensors(list) else { return }
        let parts = try sections(of: list)
        guard parts.count > 1, parts.allSatisfy({ Double($0.name) != nil }) else { return }
        let names = parts.map { section + "." + $0.name }
        throw CheckpointError(path, .file, TorchFault.ambiguousSection(section, there: names))
    }

    /// With ZeRO-3, DeepSpeed leaves empty tensors where the weights were.
    private mutating func refusePartitions(_ top: UInt32) throws(CheckpointError) {
        guard try members(of: top).contains(where: { $0.name == "param_shapes" || $0.name == "ds_version" }),
            weights.contains(where: { heap.tensors[$0.tensor].shape.elementCount == 0 })
        else { return }
        throw CheckpointError(path, .file, TorchFault.partitioned)
    }

    /// What holds nothing but one process's part of an optimizer is no model: with ZeRO's first two stages too, where the weights
    /// lie whole in another file.
    private mutating func refuseOptimizers(_ top: UInt32) throws(CheckpointError) {
        guard try isPartOfOptimizer(top), !holdsTensors(top) else { return }
        for part in try sections(of: top) where try !isNeverWeights(part.name, part.list) { return }
        throw CheckpointError(path, .file, TorchFault.partitioned)
    }

    /// Beside its partitions DeepSpeed keeps each process's part of the weights and of the optimizer's state, in one run of
    /// numbers.
    private mutating func isPartOfOptimizer(_ top: UInt32) throws(CheckpointError) -> Bool {
        guard let state = try members(of: top).first(where: { $0.name == "optimizer_state_dict" }),
            let list = heap[state.value].entries
        else { return false }
        return try members(of: list).contains {
            ["zero_stage", "fp32_flat_groups", "single_partition_of_fp32_groups"].contains($0.name)
        }
    }

    // MARK: Dicts

    /// The last value of each key of a dict, in the order in which the keys came first.
    mutating func members(of list: UInt32) throws(CheckpointError) -> [Member] {
        if let found = known[list] { return found }
        let items = heap.lists[Int(list)]
        var members: [Member] = []
        var positions: [UTF8Name: Int] = [:]
        for index in stride(from: 0, to: items.count, by: 2) {
            guard let name = try name(items[index]) else { continue }
            if let position = positions.updateValue(members.count, forKey: UTF8Name(name)) {
                positions[UTF8Name(name)] = position
                members[position].value = items[index + 1]
            } else {
                members.append((name, items[index + 1]))
            }
        }
        known[list] = members
        return members
    }

    mutating func charge(_ amount: Int, _ work: ReadingBudget.Work) throws(CheckpointError) {
        guard budget.charge(amount, work) == nil else {
            throw CheckpointError(path, .file, TorchFault.tooManyPaths(limit: PickleHeap.tensorLimit))
        }
    }

    /// A key as a name: a text, or a number, as the decay under which some trainers keep their average.
    private mutating func name(_ key: PickleReference) throws(CheckpointError) -> String? {
        guard isName(key) else { return nil }
        switch heap[key] {
        case .string(let text):
            try charge(Int(text.count), .nameBytes)
            return String(decoding: source.bytes[text.range], as: UTF8.self)
        case .int(let number): return String(number)
        case .float(let number): return number.description
        default: return nil
        }
    }

    func isName(_ key: PickleReference) -> Bool {
        switch heap[key] {
        case .string(let text): text.count <= Self.nameLimit
        case .int, .float: true
        default: false
        }
    }

    private func holdsTensors(_ list: UInt32) -> Bool {
        let items = heap.lists[Int(list)]
        return stride(from: 1, to: items.count, by: 2).contains { index in
            switch heap[items[index]] {
            case .tensor, .unreadable: true
            default: false
            }
        }
    }

    /// Marks the dicts that lead to tensors: each is visited once, and no path is walked twice.
    private mutating func findHolders(from top: UInt32) {
        var parents: [UInt32: [UInt32]] = [:]
        var seen: Set<UInt32> = [top]
        var waiting = [top]
        var found: [UInt32] = []
        while let list = waiting.popLast() {
            if holdsTensors(list) { found.append(list) }
            let items = heap.lists[Int(list)]
            for index in stride(from: 1, to: items.count, by: 2) {
                guard let child = heap[items[index]].entries else { continue }
                parents[child, default: []].append(list)
                if seen.insert(child).inserted { waiting.append(child) }
            }
        }
        holders = Set(found)
        while let list = found.popLast() {
            for parent in parents[list] ?? [] where holders.insert(parent).inserted { found.append(parent) }
        }
    }

    /// The parts of a dict that lead to tensors.
    private mutating func sections(of list: UInt32) throws(CheckpointError) -> [(name: String, list: UInt32)] {
        try members(of: list).compactMap { member in
            guard let child = heap[member.value].entries, holders.contains(child) else { return nil }
            return (member.name, child)
        }
    }

    private mutating func leadsFurther(_ list: UInt32) throws(CheckpointError) -> Bool {
        guard try isWeights(list) else { return true }
        return try hasPreferredSection(list)
    }

    /// Whether the weights are the tensors of a dict itself: a few beside a section with many more are a step, a loss or the
    /// state of a random generator.
    private mutating func isWeights(_ list: UInt32) throws(CheckpointError) -> Bool {
        let own = tensorCount(list, limit: 64)
        guard own > 0 else { return false }
        guard own < 64 else { return true }
        for part in try sections(of: list) where try !isNeverWeights(part.name, part.list) {
            if try tensorCount(below: part.list) >= 8 * own { return false }
        }
        return true
    }

    /// How many tensors a dict holds itself, counted no further than to a limit.
    private func tensorCount(_ list: UInt32, limit: Int) -> Int {
        let items = heap.lists[Int(list)]
        var count = 0
        for index in stride(from: 1, to: items.count, by: 2) where count < limit {
            switch heap[items[index]] {
            case .tensor, .unreadable: count += 1
            default: continue
            }
        }
        return count
    }

    /// How many tensors a dict and the dicts in it hold: a coder may be a dict of its own.
    private mutating func tensorCount(below list: UInt32) throws(CheckpointError) -> Int {
        let limit = 512
        var count = tensorCount(list, limit: limit)
        for part in try sections(of: list).prefix(16) where count < limit {
            count += tensorCount(part.list, limit: limit)
        }
        return count
    }

    /// Whether a section is there that goes before loose tensors; an average beside them does not, being a copy of them.
    private mutating func hasPreferredSection(_ list: UInt32) throws(CheckpointError) -> Bool {
        try sections(of: list).contains { Self.preferred.contains($0.name) && $0.name != "ema" }
    }

    // MARK: Choosing

    private mutating func find(_ section: String, in top: UInt32) throws(CheckpointError) -> UInt32 {
        var list = top
        var rest = section[...]
        while !rest.isEmpty {
            let parts = try sections(of: list)
            // A name may have dots itself, as the decay 0.9998.
            let matching = parts.filter { rest == $0.name || rest.hasPrefix($0.name + ".") }
            guard let part = matching.max(by: { $0.name.utf8.count < $1.name.utf8.count }) else {
                let fault = TorchFault.noSection(section, there: parts.map(\.name))
                throw CheckpointError(path, .file, fault)
            }
            list = part.list
            rest = Substring(rest.utf8.dropFirst(part.name.utf8.count + 1))
        }
        return list
    }

    /// Which part of a dict without tensors of its own to go on with; nil to take several together.
    private mutating func choose(in list: UInt32, at trail: [String]) throws(CheckpointError) -> (
        name: String, list: UInt32
    )? {
        let all = try sections(of: list)
        var useful: [(name: String, list: UInt32)] = []
        for part in all where try !isNeverWeights(part.name, part.list) { useful.append(part) }
        var chosen = Self.preferred.lazy.compactMap { name in useful.first { $0.name == name } }.first
        if chosen == nil, useful.count == 1 { chosen = useful[0] }
        if chosen == nil, useful.isEmpty, all.count == 1 { chosen = all[0] }
        let left = useful.filter { $0.name != chosen?.name }
        if chosen != nil, let offer = Self.offer(left.map { Self.shown(trail + [$0.name]) }) { notes.append(offer) }
        if chosen != nil { try noteIgnored(in: list, at: trail, tensorsToo: true) }
        return chosen
    }

    /// What is said of sections that hold weights too, by their names.
    static func offer(_ sections: [String]) -> String? {
        guard let first = sections.first else { return nil }
        let names = sections.prefix(4).joined(separator: ", ")
        let more = sections.count > 4 ? " and \(sections.count - 4) more" : ""
        return "there are weights under \(names)\(more) too; to take those, name the section \(first)"
    }

    /// Names what stands beside the weights and is none.
    private mutating func noteIgnored(in list: UInt32, at trail: [String], tensorsToo: Bool = false)
        throws(CheckpointError)
    {
        let holdsTensors = try isWeights(list) && !tensorsToo
        var others: [Member] = []
        for member in try members(of: list) {
            switch heap[member.value] {
            case .tensor, .unreadable: if tensorsToo { others.append(member) }
            case let value:
                guard let child = value.entries, holders.contains(child), !holdsTensors,
                    try !isNeverWeights(member.name, child)
                else {
                    others.append(member)
                    continue
                }
            }
        }
        guard !others.isEmpty else { return }
        let names = others.prefix(6).map { Self.shown(trail + [$0.name]) }.joined(separator: ", ")
        notes.append("ignored: \(names)" + (others.count > 6 ? " and \(others.count - 6) more" : ""))
    }

    private static func shown(_ trail: [String]) -> String {
        trail.joined(separator: ".").escaped(limit: 60)
    }
}
