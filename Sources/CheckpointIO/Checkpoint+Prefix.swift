internal import TensorCore

/// The prefixes that wrapping a model puts before the names of its weights.
///
/// A prefix is taken off only where every tensor has it, so that no two names can fall together, and it is reported in a note.
/// `module.` (data parallel) and `_orig_mod.` (torch.compile) are never part of a model's own names and always go. Any
/// other (`model.`, `autoencoder.`) goes where an encoder or a decoder stands behind it; names of models of other kinds stay
/// as they are. The rule is the same for every format.
enum NamePrefix {
    /// No wrapper makes a longer prefix; names may be longer than anything that deserves to be searched.
    private static let lengthLimit = 256
    private static let wrappers = ["module.", "_orig_mod."]
    private static let roots: Set<Substring> = ["encoder", "decoder"]

    /// The prefix of all names that is to be taken off; empty where there is none.
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
        if let root = shared.firstIndex(where: roots.contains) { return prefix(Array(shared[..<root])) }
        let length = shared.reduce(0) { $0 + $1.utf8.count + 1 }
        if names.allSatisfy({ roots.contains(Substring($0.utf8.dropFirst(length)).prefix { $0 != "." }) }) {
            return prefix(Array(shared))
        }
        let wrapping = shared.prefix { part in wrappers.contains { $0.dropLast() == part } }
        return prefix(Array(wrapping))
    }

    private static func prefix(_ parts: [Substring]) -> String {
        parts.map { $0 + "." }.joined()
    }
}

extension Checkpoint {
    /// The same with the names that its weights had before the model was wrapped.
    func withoutPrefix() -> Checkpoint {
        let prefix = NamePrefix.find(in: tensors.map(\.descriptor.name))
        let length = prefix.utf8.count
        guard length > 0, tensors.allSatisfy({ $0.descriptor.name.utf8.count > length }) else { return self }
        let renamed = tensors.map { $0.renamed(String(Substring($0.descriptor.name.utf8.dropFirst(length)))) }
        let note = "the prefix \"\(prefix.escaped(limit: 60))\" of all \(tensors.count) names was taken off"
        return with(tensors: renamed, notes: notes + [note])
    }
}
