internal import CheckpointIO
internal import ModelZoo
internal import TensorCore

/// Coders that were saved apart: a wrapper around each, or one alone.
extension NetworkSearch {
    /// One whole network of an encoder and a decoder that lie under different prefixes, as where each is wrapped in a module of
    /// its own; nil where there are more or fewer than two, or they are no network together.
    func joined(_ coders: [Part]) -> Found? {
        guard coders.count == 2, Set(coders.compactMap(\.match?.part)) == [.encoder, .decoder],
            let layout = coders[0].layout, coders[1].layout == layout
        else { return nil }
        let members = coders.flatMap(\.place.members).sorted { $0.tensor < $1.tensor }
        let both = file.selecting(members, notes: [])
        guard let candidate = candidates.first(where: { $0.fits(both, layout, part: .whole) }) else { return nil }
        let rest = rest(beside: members)
        let places = coders.map { part in
            let name = part.place.section.isEmpty ? "no prefix" : "\"\(part.place.section.escaped(limit: 60))\""
            return "the \(part.match?.part == .encoder ? "encoder" : "decoder") is under \(name)"
        }
        var notes = [places.joined(separator: ", ")]
        if !rest.isEmpty { notes.append("the network is the \(members.count) tensors there; \(Self.left(rest))") }
        return Found(
            checkpoint: file.selecting(members, notes: notes),
            layout: layout,
            candidate: candidate,
            part: .whole,
            rest: rest
        )
    }

    /// A coder that was saved by itself, its names without `encoder.` or `decoder.`; nil where the tensors are no coder's.
    func bareCoder() -> Found? {
        guard let (prefix, members) = ModelNames.bareCoder(in: file) else { return nil }
        for coder in ModelNames.coders.sorted() {
            var place = ModelNames.Place(prefix: "")
            for (name, tensor) in members { place.add("\(coder).\(name)", tensor, wasWrapped: false) }
            let checkpoint = file.selecting(place.members, notes: [])
            guard let match = match(Part(place: place, checkpoint: checkpoint, layout: Layout.of(checkpoint))) else {
                continue
            }
            let rest = rest(beside: place.members)
            let what = prefix.isEmpty ? "" : "the prefix \"\(prefix.escaped(limit: 60))\" was taken off, and "
            var notes = ["\(what)the names lack \"\(coder).\": it was saved by itself"]
            if !rest.isEmpty { notes.append("it is the \(members.count) tensors there; \(Self.left(rest))") }
            return Found(
                checkpoint: file.selecting(place.members, notes: notes),
                layout: Layout.of(checkpoint),
                candidate: match.candidate,
                part: match.part,
                rest: rest
            )
        }
        return nil
    }

    /// The names of the tensors that are none of these.
    func rest(beside members: [(name: String, tensor: Int)]) -> [String] {
        var isTaken = [Bool](repeating: false, count: file.tensors.count)
        for member in members { isTaken[member.tensor] = true }
        return file.tensors.indices.filter { !isTaken[$0] }.map { file.tensors[$0].descriptor.name }
    }
}
