package import Files
package import Inference

/// Where the state of a measurement is kept: one file, replaced as a whole every now and then.
///
/// Whenever a run ends, by a signal or without any, the file holds what was done up to the last time, and the same
/// command goes on from there.
package struct PartialStore: Sendable {
    /// The file.
    package let path: String
    /// The time between two writes.
    package let interval: Duration
    private let force: Bool
    private let durability: Durability

    /// Describes a store.
    ///
    /// - Parameters:
    ///   - path: the file, or a folder in which it is called `part-00003-of-00008.json`.
    ///   - shard: the part of the run.
    ///   - interval: the time between two writes.
    ///   - force: whether a run begins anew where a file is there.
    ///   - durability: whether the state is on the disk before it takes its name.
    package init(
        _ path: String,
        shard: Shard,
        interval: Duration,
        force: Bool,
        durability: Durability = .flushed
    ) {
        let isFolder = path.utf8.last == UInt8(ascii: "/") || Folder.exists(path)
        self.path = isFolder ? Path.join(path, Self.name(shard)) : path
        self.durability = durability
        self.interval = interval
        self.force = force
    }

    private static func name(_ shard: Shard) -> String {
        func padded(_ number: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        }
        return "part-\(padded(shard.index))-of-\(padded(shard.count)).json"
    }

    /// What to go on from: the state that is there, or the empty one, which is written so that a place that cannot be
    /// written to is found before hours of work.
    ///
    /// - Throws: where the file is that of another run, or none at all, and `force` is not given.
    func begin<Part: MeasuredPart>(_ empty: Part) throws(CheckpointError) -> Part {
        try OutputTarget.checkName(path)
        if !force, FileIdentity(path: path) != nil {
            var found = try Part.read(path)
            func refuse(_ fault: CalibrationFault) -> CheckpointError { CheckpointError(path, .file, fault) }
            if let what = found.difference(from: empty) { throw refuse(.otherRun(what)) }
            if found.shard != empty.shard { throw refuse(.otherPart(found.shard, wanted: empty.shard)) }
            found.unreadable = []
            return found
        }
        try empty.write(to: path, force: force, durability: durability)
        return empty
    }

    /// Replaces the file.
    func save(_ result: some MeasuredPart) throws(CheckpointError) {
        try result.write(to: path, force: true, isOwn: true, durability: durability)
    }
}
