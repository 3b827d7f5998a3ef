/// Where in a network a tensor lies, by its name in either layout.
enum ModulePath {
    /// The parts that it is counted under: `encoder` and `encoder.stages.3`, or the first part of a name that is unknown.
    static func parts(of name: String, isKnown: Bool) -> [String] {
        let pieces = pieces(name)
        guard isKnown, pieces.count > 2 else { return [pieces[0]] }
        return [pieces[0], pieces.prefix(isStage(pieces) ? 3 : 2).joined(separator: ".")]
    }

    /// The number of the block of its stage; nil outside of stages.
    static func block(of name: String) -> String? {
        let pieces = pieces(name)
        guard isStage(pieces) else { return nil }
        return pieces[3] == "op_list" && pieces.count > 4 ? pieces[4] : pieces[3]
    }

    /// The number of the stage that a part such as `encoder.stages.3` is.
    static func stage(of part: String) -> Int? {
        let pieces = pieces(part)
        return pieces.count > 2 ? Int(pieces[2]) : nil
    }

    /// What comes in comes first, then the stages by number, then what goes out.
    static func place(of part: String) -> (Int, Int) {
        if let stage = stage(of: part) { return (1, stage) }
        return (part.hasSuffix("_in") ? 0 : 2, 0)
    }

    private static func isStage(_ pieces: [String]) -> Bool {
        pieces.count > 3 && ["stages", "down_blocks", "up_blocks"].contains(pieces[1])
    }

    /// By bytes: a name may be long, and characters are found slowly.
    private static func pieces(_ name: String) -> [String] {
        name.utf8.split(separator: UInt8(ascii: "."), maxSplits: 5, omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
    }
}
