internal import CheckpointIO
internal import TensorCore

/// The places in a file where a network can lie: what its tensors are called there, and what they are called in a network.
///
/// Wrappers leave parts in names that are never a model's own (`module.` of data parallel, `_orig_mod.` of torch.compile, those
/// of FSDP): these are taken off wherever they stand. What stands before `encoder.` and `decoder.` is the place, as `vae.` in a
/// file that holds a whole pipeline.
struct ModelNames {
    /// Tensors under one prefix.
    struct Place {
        /// What stands before the network's own names, with its dot; empty for none.
        let prefix: String
        /// The tensors, each with its name in the network.
        private(set) var members: [(name: String, tensor: Int)] = []
        /// How many of the names had parts of wrappers in them.
        private(set) var unwrapped = 0
        /// Whether two tensors of it would have one name.
        private(set) var isAmbiguous = false
        private var names: Set<UTF8Name> = []

        init(prefix: String) {
            self.prefix = prefix
        }

        /// The name by which the place is asked for.
        var section: String { prefix.hasSuffix(".") ? String(prefix.dropLast()) : prefix }

        /// Whether it is called as averages of weights are, which are copies of the weights beside them.
        var isAverage: Bool {
            prefix.split(separator: ".").contains { $0 == "ema" || $0.hasPrefix("ema_") || $0.hasSuffix("_ema") }
        }

        mutating func add(_ name: String, _ tensor: Int, wasWrapped: Bool) {
            if !names.insert(UTF8Name(name)).inserted { isAmbiguous = true }
            members.append((name, tensor))
            if wasWrapped { unwrapped += 1 }
        }
    }

    /// The parts that wrappers put into names.
    static let wrappers: Set<Substring> = [
        "module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module",
    ]
    /// No wrapper makes a longer prefix; names may be longer than anything that deserves to be searched.
    private static let lengthLimit = 1024
    static let coders: Set<Substring> = ["encoder", "decoder"]
    /// What an encoder's or a decoder's parts begin with, in any layout.
    private static let beginnings = ["stages", "project_", "down_blocks", "up_blocks", "conv_", "norm_out"]

    /// The places, in the order in which they come in the file.
    private(set) var places: [Place] = []
    /// Averages whose names have lost their dots, as LitEma stores them: by prefix, the names without dots.
    private(set) var dotless: [(prefix: String, members: [(name: String, tensor: Int)])] = []
    /// The parts of wrappers that were met.
    private(set) var wrappersFound: Set<String> = []

    init(_ checkpoint: Checkpoint) {
        var positions: [String: Int] = [:]
        var dotlessPositions: [String: Int] = [:]
        var others: [(kept: [Substring], index: Int, isWrapped: Bool)] = []
        for (index, tensor) in checkpoint.tensors.enumerated() {
            let name = tensor.descriptor.name
            guard name.utf8.count <= Self.lengthLimit else { continue }
            let parts = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
                .map { Substring($0) }
            let kept = parts.filter { !Self.wrappers.contains($0) }
            if let root = Self.root(of: kept) {
                let prefix = kept[..<root].map { $0 + "." }.joined()
                let isWrapped = kept.count < parts.count
                if isWrapped { wrappersFound.formUnion(parts.filter(Self.wrappers.contains).map(String.init)) }
                let position = positions[prefix] ?? places.count
                if position == places.count {
                    positions[prefix] = position
                    places.append(Place(prefix: prefix))
                }
                places[position].add(kept[root...].joined(separator: "."), index, wasWrapped: isWrapped)
            } else if let last = kept.last, kept.count > 1, let root = Self.dotlessRoot(of: last) {
                let prefix = kept.dropLast().map { $0 + "." }.joined()
                // What the network is called in its module stands before its names, without a dot too.
                let key = prefix + last[..<root]
                let position = dotlessPositions[key] ?? dotless.count
                if position == dotless.count {
                    dotlessPositions[key] = position
                    dotless.append((prefix, []))
                }
                dotless[position].members.append((String(last[root...]), index))
            } else {
                others.append((kept, index, kept.count < parts.count))
            }
        }
        // What stands beside a network's parts in its encoder or decoder belongs to it, whatever it is called.
        for (kept, index, isWrapped) in others {
            guard let root = kept.indices.dropLast().first(where: { Self.coders.contains(kept[$0]) }),
                let position = positions[kept[..<root].map { $0 + "." }.joined()]
            else { continue }
            places[position].add(kept[root...].joined(separator: "."), index, wasWrapped: isWrapped)
        }
    }

    /// The tensors of a coder that was saved by itself, its names without the coder's own: what stands before them, and what
    /// they are called in it. Nil where there is more than one such place, or none.
    static func bareCoder(in checkpoint: Checkpoint) -> (prefix: String, members: [(name: String, tensor: Int)])? {
        var prefix: [Substring]?
        var members: [(name: String, tensor: Int)] = []
        for (index, tensor) in checkpoint.tensors.enumerated() {
            guard tensor.descriptor.name.utf8.count <= lengthLimit else { continue }
            let kept = tensor.descriptor.name.split(separator: ".", omittingEmptySubsequences: false)
                .filter { !wrappers.contains($0) }
            guard let root = prefix?.count ?? kept.indices.dropLast().first(where: { isBeginning(kept[$0]) }),
                root < kept.count, prefix.map({ $0.elementsEqual(kept[..<root]) }) ?? true
            else { continue }
            prefix = prefix ?? Array(kept[..<root])
            members.append((kept[root...].joined(separator: "."), index))
        }
        return prefix.map { ($0.map { $0 + "." }.joined(), members) }
    }

    private static func isBeginning(_ part: Substring) -> Bool { beginnings.contains(where: part.hasPrefix) }

    /// Where an encoder or decoder of a DC-AE begins in a name without dots.
    private static func dotlessRoot(of name: Substring) -> Substring.Index? {
        if coders.contains(where: name.hasPrefix) { return name.startIndex }
        let bytes = Array(name.utf8)
        guard bytes.count > 14 else { return nil }
        for start in 1..<(bytes.count - 7) where bytes[(start + 2)...].starts(with: "coder".utf8) {
            let word = String(decoding: bytes[start..<(start + 7)], as: UTF8.self)
            guard coders.contains(Substring(word)) else { continue }
            let rest = bytes[(start + 7)...]
            // The dots are gone, and with them nothing else.
            if beginnings.contains(where: { rest.starts(with: $0.utf8) }) {
                return name.utf8.index(name.startIndex, offsetBy: start)
            }
        }
        return nil
    }

    /// Where an encoder or decoder of a DC-AE begins in a name.
    private static func root(of parts: [Substring]) -> Int? {
        parts.indices.dropLast().first { index in
            coders.contains(parts[index]) && isBeginning(parts[index + 1])
        }
    }
}

extension Checkpoint {
    /// A checkpoint with some of the tensors of this one, under other names.
    func selecting(_ members: [(name: String, tensor: Int)], notes more: [String]) -> Checkpoint {
        let isSame =
            members.count == tensors.count
            && members.enumerated().allSatisfy {
                $0 == $1.tensor && UTF8Name($1.name) == UTF8Name(tensors[$0].descriptor.name)
            }
        if isSame, more.isEmpty { return self }
        return with(
            tensors: members.map { name, index in
                tensors[index].renamed(name)
            },
            notes: notes + more
        )
    }

    /// The same without what stands before all names, where no network was found in them: what wrappers put there, and what
    /// stands before the `encoder.` or `decoder.` of another model.
    func withoutPrefix() -> Checkpoint {
        let prefix = NamePrefix.find(in: tensors.map(\.descriptor.name))
        let length = prefix.utf8.count
        guard length > 0, tensors.allSatisfy({ $0.descriptor.name.utf8.count > length }) else { return self }
        let members = tensors.enumerated().map { index, tensor in
            (name: String(Substring(tensor.descriptor.name.utf8.dropFirst(length))), tensor: index)
        }
        return selecting(members, notes: [ModelNames.note(prefix: prefix, count: tensors.count)])
    }
}

/// The prefix that all names of a file have.
private enum NamePrefix {
    private static let lengthLimit = 256

    static func find(in names: [String]) -> String {
        guard let first = names.first else { return "" }
        // What all names begin with, cut after a dot.
        var common = Substring(first).utf8.prefix(lengthLimit)
        for name in names {
            common = common.prefix(zip(common, name.utf8).prefix { $0 == $1 }.count)
            if common.isEmpty { return "" }
        }
        guard let dot = common.lastIndex(of: UInt8(ascii: ".")) else { return "" }
        let shared = first[...dot].split(separator: ".", omittingEmptySubsequences: false).dropLast()
        // Up to an encoder or decoder, where all that remains begins with one of them.
        if let root = shared.firstIndex(where: ModelNames.coders.contains) { return prefix(Array(shared[..<root])) }
        let length = shared.reduce(0) { $0 + $1.utf8.count + 1 }
        if names.allSatisfy({
            ModelNames.coders.contains(Substring($0.utf8.dropFirst(length)).prefix { $0 != "." })
        }) {
            return prefix(Array(shared))
        }
        return prefix(Array(shared.prefix(while: ModelNames.wrappers.contains)))
    }

    private static func prefix(_ parts: [Substring]) -> String {
        parts.map { $0 + "." }.joined()
    }
}

extension ModelNames {
    /// What is said of a prefix that all names have.
    static func note(prefix: String, count: Int) -> String {
        "the prefix \"\(prefix.escaped(limit: 60))\" of all \(count) names was taken off"
    }
}
