internal import CheckpointIO
internal import ModelZoo
internal import TensorCore

/// Finds the network in a file: alone, under a prefix among other things, or one coder of it.
struct NetworkSearch {
    /// What was found.
    struct Found: Sendable {
        /// The network's tensors under its own names; where no network is complete, what comes nearest to one.
        let checkpoint: Checkpoint
        let layout: Layout?
        /// The network that the tensors are exactly those of, or nil.
        let candidate: NetworkCandidate?
        let part: NetworkPart
        /// The names of the file's tensors that are not the network's.
        var rest: [String] = []
        /// Why there is no answer, where there is none.
        var fault: ModelFault?
    }

    let file: Checkpoint
    let candidates: [NetworkCandidate]
    private let names: ModelNames

    /// - Parameter candidates: the networks that it may hold; the earlier ones are preferred.
    init(_ file: Checkpoint, _ candidates: [NetworkCandidate]) {
        self.file = file
        self.candidates = candidates
        names = ModelNames(file)
    }

    /// A place of the file as a checkpoint of its own.
    struct Part {
        let place: ModelNames.Place
        let checkpoint: Checkpoint
        let layout: Layout?
        var match: (candidate: NetworkCandidate, part: NetworkPart)?
    }

    func run() throws(CheckpointError) -> Found {
        var parts = names.places.map { place in
            let checkpoint = file.selecting(place.members, notes: [])
            return Part(place: place, checkpoint: checkpoint, layout: Layout.of(checkpoint))
        }
        for index in parts.indices { parts[index].match = match(parts[index]) }
        if let section = file.unusedSection { return try named(section, parts) }
        let complete = parts.filter { $0.match?.part == .whole }
        // An average is a copy of the weights beside it.
        let weights = complete.filter { !$0.place.isAverage }
        let chosen = complete.count == 1 ? complete : weights.count == 1 ? weights : []
        if let part = chosen.first {
            return found(part, others: complete.filter { $0.place.prefix != part.place.prefix })
        }
        if complete.count > 1 {
            return Found(
                checkpoint: file,
                layout: complete[0].layout,
                candidate: nil,
                part: .whole,
                fault: .several(complete.map { $0.place.section.isEmpty ? Self.bareSection : $0.place.section })
            )
        }
        let coders = parts.filter { $0.match != nil }
        if coders.count == 1 { return found(coders[0], others: []) }
        return joined(coders) ?? (parts.isEmpty ? bareCoder() : nil) ?? nearest(parts)
    }

    /// The network that a place is exactly, the whole before one coder.
    func match(_ part: Part) -> (candidate: NetworkCandidate, part: NetworkPart)? {
        guard let layout = part.layout, !part.place.isAmbiguous else { return nil }
        let coders = Set(part.place.members.lazy.map { $0.name.hasPrefix("encoder.") })
        let wanted: NetworkPart = coders.count == 2 ? .whole : coders.contains(true) ? .encoder : .decoder
        return candidates.first { $0.fits(part.checkpoint, layout, part: wanted) }.map { ($0, wanted) }
    }

    private func found(_ part: Part, others: [Part]) -> Found {
        let rest = part.place.members.count < file.tensors.count ? rest(beside: part.place.members) : []
        return Found(
            checkpoint: file.selecting(part.place.members, notes: notes(part, rest, others)),
            layout: part.layout,
            candidate: part.match?.candidate,
            part: part.match?.part ?? .whole,
            rest: rest
        )
    }

    // MARK: Sections that are prefixes

    /// What the tensors without a prefix are called, where others have one.
    private static let bareSection = "."

    private func named(_ wanted: Checkpoint.UnusedSection, _ parts: [Part]) throws(CheckpointError) -> Found {
        let section = wanted.name
        func isMeant(_ other: String) -> Bool {
            other.isEmpty ? section == Self.bareSection : section == other || section.hasSuffix("." + other)
        }
        if let part = parts.first(where: { isMeant($0.place.section) }) { return found(part, others: []) }
        for average in names.dotless where isMeant(String(average.prefix.dropLast())) {
            if let found = withDots(average, parts) { return found }
        }
        let there = wanted.there + parts.map(\.place.section) + names.dotless.map { String($0.prefix.dropLast()) }
        throw CheckpointError(file.path, .file, TorchFault.noSection(section, there: there.filter { !$0.isEmpty }))
    }

    /// An average as LitEma keeps it: parameters alone, their names without dots. What is no parameter, as the statistics of
    /// batch norm, is that of the weights, as where the average is put into use.
    private func withDots(
        _ average: (prefix: String, members: [(name: String, tensor: Int)]),
        _ parts: [Part]
    ) -> Found? {
        var byName: [String: Int] = [:]
        for (name, tensor) in average.members { byName[name] = tensor }
        for candidate in candidates {
            for layout in Layout.allCases where layout.holds(candidate.architecture) {
                let main = parts.first {
                    $0.layout == layout && $0.match?.candidate.architecture == candidate.architecture
                }
                var members: [(name: String, tensor: Int)] = []
                var averaged = 0
                for (tensor, kind) in candidate.network.tensors(in: layout) {
                    if let index = byName[tensor.name.filter { $0 != "." }] {
                        members.append((tensor.name, index))
                        averaged += 1
                    } else if kind.isBuffer, let own = main?.place.members.first(where: { $0.name == tensor.name }) {
                        members.append(own)
                    }
                }
                guard averaged > 0 else { continue }
                let note =
                    "\(averaged) averages taken from \(average.prefix.dropLast().description.escaped(limit: 60)), "
                    + "their names given their dots again"
                let checkpoint = file.selecting(members, notes: [note])
                guard candidate.fits(checkpoint, layout, part: .whole) else { continue }
                return Found(checkpoint: checkpoint, layout: layout, candidate: candidate, part: .whole)
            }
        }
        return nil
    }

    // MARK: Nothing complete

    /// What comes nearest to a network: the place with the most tensors, or the file as it is.
    private func nearest(_ parts: [Part]) -> Found {
        func nothing() -> Found {
            let checkpoint = file.withoutPrefix()
            let fault = ForeignModel(checkpoint).map { ModelFault.other($0) }
            return Found(checkpoint: checkpoint, layout: nil, candidate: nil, part: .whole, fault: fault)
        }
        guard let part = parts.max(by: { $0.place.members.count < $1.place.members.count }) else { return nothing() }
        var result: Found
        // A handful of tensors among many others is no network with something missing.
        let isSmall = part.place.members.count < 20 && part.place.members.count * 2 < file.tensors.count
        if isSmall { return nothing() }
        if part.place.prefix.isEmpty || part.place.members.count == file.tensors.count || part.place.isAmbiguous {
            // All tensors count, those too that no network has.
            let byTensor = Dictionary(part.place.members.map { ($0.tensor, $0.name) }, uniquingKeysWith: { a, _ in a })
            let all = file.tensors.indices.map { index in
                (
                    name: (part.place.isAmbiguous ? nil : byTensor[index]) ?? file.tensors[index].descriptor.name,
                    tensor: index
                )
            }
            result = Found(
                checkpoint: file.selecting(all, notes: notes(part, [], [])),
                layout: part.layout,
                candidate: nil,
                part: .whole
            )
        } else {
            result = found(part, others: [])
        }
        // Names of blocks that no DC-AE has, or weights of five dimensions, are those of another model.
        if let other = ForeignModel(result.checkpoint) { result.fault = .other(other) }
        return result
    }

    // MARK: Notes

    private func notes(_ part: Part, _ rest: [String], _ others: [Part]) -> [String] {
        var notes: [String] = []
        let place = part.place
        let count = place.members.count
        if rest.isEmpty, let prefix = sharedPrefix(of: place) {
            if !prefix.isEmpty { notes.append(ModelNames.note(prefix: prefix, count: count)) }
        } else {
            if place.unwrapped > 0 {
                let parts = names.wrappersFound.sorted().map { "\"\($0)\"" }.joined(separator: " and ")
                notes.append(
                    "what wrappers put into names (\(parts)) was taken off \(place.unwrapped) of \(count) names"
                )
            }
            if !place.prefix.isEmpty, rest.isEmpty {
                notes.append(ModelNames.note(prefix: place.prefix, count: count))
            }
        }
        guard !rest.isEmpty else { return notes }
        let wherePlaced = place.prefix.isEmpty ? "" : " under \"\(place.section.escaped(limit: 60))\""
        notes.append("the network is the \(count) tensors\(wherePlaced); \(Self.left(rest))")
        for other in others {
            let section = other.place.section.escaped(limit: 60)
            notes.append("there are weights under \(section) too; to take those, name that section")
        }
        for average in names.dotless where average.members.count * 3 > count {
            let section = average.prefix.dropLast().description.escaped(limit: 60)
            notes.append("there are averages under \(section) too; to take those, name that section")
        }
        return notes
    }

    /// What all names begin with before the network's own, where that is one text.
    private func sharedPrefix(of place: ModelNames.Place) -> String? {
        var shared: Substring?
        for (name, tensor) in place.members {
            let own = file.tensors[tensor].descriptor.name
            guard own.hasSuffix(name) else { return nil }
            let prefix = own.dropLast(name.count)
            guard prefix == shared ?? prefix else { return nil }
            shared = prefix
        }
        return shared.map(String.init)
    }

    /// The tensors that are left out, by the beginnings of their names.
    static func left(_ names: [String]) -> String {
        var groups: [(name: String, count: Int)] = []
        var positions: [String: Int] = [:]
        for name in names {
            let first = name.split(separator: ".", maxSplits: 1).first.map(String.init) ?? name
            let position = positions[first] ?? groups.count
            if position == groups.count {
                positions[first] = position
                groups.append((first, 0))
            }
            groups[position].count += 1
        }
        let shown = groups.prefix(6).map { group in
            group.count == 1
                ? (names.first { $0.hasPrefix(group.name) } ?? group.name).escaped(limit: 60)
                : "\(group.name.escaped(limit: 40)).* (\(group.count))"
        }
        let more = groups.count > 6 ? " and \(groups.count - 6) more" : ""
        return "\(names.count) other\(names.count == 1 ? " is" : "s are") left out: "
            + shown.joined(separator: ", ") + more
    }
}
