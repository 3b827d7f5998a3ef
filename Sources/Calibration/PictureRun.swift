internal import CheckpointIO
internal import Images
internal import Inference
internal import TensorCore

/// What is told while pictures are measured.
package struct PictureRunObserver {
    /// The pictures that are done, of how many.
    package var progress: (Int, Int) -> Void = { _, _ in }
    /// A picture that could not be measured.
    package var unreadable: (Unreadable) -> Void = { _ in }
    /// An earlier run is continued: the pictures that it had done.
    package var resumed: (Int) -> Void = { _ in }
    /// Pictures that an earlier run had done have other bytes now: their keys, and how many are measured again for it.
    package var changed: ([String], Int) -> Void = { _, _ in }

    package init() {}
}

/// Measures pictures one after the other: read ahead, with a state that is kept, continued, and never lost to one bad file.
package struct PictureRun<Part: MeasuredPart, Input: Sendable> {
    /// The pictures of this part.
    package let entries: [PictureSet.Entry]
    /// A part of which nothing is measured yet.
    package let empty: Part
    /// The threads of the network beside which pictures are read.
    package let threads: Int
    /// Reads a picture, on any thread.
    package let load: @Sendable (PictureSet.Entry) throws -> Input
    /// Measures a picture: adds it to the part, at once or by the next call of `settle`, or says why it cannot be measured.
    package let measure: (PictureSet.Entry, Input, inout Part) throws -> String?
    /// The files that a picture is measured from.
    package var files: @Sendable (PictureSet.Entry) throws -> [String] = { [$0.path] }
    /// Adds what was measured and not added yet.
    package var settle: (inout Part) throws -> Void = { _ in }

    package init(
        _ entries: [PictureSet.Entry],
        _ empty: Part,
        threads: Int,
        load: @escaping @Sendable (PictureSet.Entry) throws -> Input,
        measure: @escaping (PictureSet.Entry, Input, inout Part) throws -> String?
    ) {
        self.entries = entries
        self.empty = empty
        self.threads = threads
        self.load = load
        self.measure = measure
    }

    /// Measures what is left to measure.
    ///
    /// A picture that cannot be read or measured is set down with the reason, and the run goes on. When the run is continued
    /// or repeated it is tried again: its folder may have been out of reach. What was measured of a picture whose file has
    /// other bytes by then is measured again.
    ///
    /// - Parameter store: where the state is kept, so that the run can be continued; nil for nowhere.
    /// - Returns: what was measured, its pictures in the order of their keys.
    /// - Throws: what ends the run: the store keeps what was done before.
    package func run(_ store: PartialStore?, _ observer: PictureRunObserver) throws -> Part {
        var result = empty
        if let store {
            result = try store.begin(empty)
            try forgetChanged(&result, store, observer)
            if result.doneCount > 0 { observer.resumed(result.doneCount) }
        }
        let left = remaining(result)
        let load = load
        let reader = ReadAhead(count: left.count, threads: ReadAhead<Never>.threads(beside: threads)) { index in
            Result { try load(left[index]) }
        }
        defer { reader.cancel() }
        var saved = ContinuousClock.now
        do {
            for entry in left {
                guard let input = reader.next() else { break }
                let count = result.doneCount
                try measure(entry, input, into: &result, observer)
                if result.doneCount > count { observer.progress(result.doneCount, entries.count) }
                if let store, ContinuousClock.now - saved >= store.interval, !result.isComplete {
                    try settle(&result)
                    try store.save(result)
                    saved = .now
                }
            }
            let count = result.doneCount
            try settle(&result)
            if result.doneCount > count { observer.progress(result.doneCount, entries.count) }
        } catch {
            try? store?.save(result)
            throw error
        }
        result.sort()
        try store?.save(result)
        return result
    }

    /// Takes out what was measured of files that have other bytes by now: a picture's name alone does not say which it is.
    ///
    /// - Throws: where a file cannot be read any more, so that nothing is lost to a disk that is out of reach.
    private func forgetChanged(
        _ result: inout Part,
        _ store: PartialStore,
        _ observer: PictureRunObserver
    ) throws(CheckpointError) {
        let (keys, digests, before) = (result.pictureKeys, result.pictureFileDigests, result.doneCount)
        func refuse(_ fault: CalibrationFault) -> CheckpointError { CheckpointError(store.path, .file, fault) }
        guard !digests.contains([]) else { throw refuse(.noDigests) }
        let paths = Dictionary(
            entries.map { (UTF8Name($0.key), $0) },
            uniquingKeysWith: { first, _ in first }
        )
        let (files, path) = (files, store.path)
        let same = try Workers.map(Array(keys.indices)) { index throws(CheckpointError) in
            guard let entry = paths[UTF8Name(keys[index])] else { return false }
            do {
                return try files(entry).map(PictureContents.digest(ofFile:)) == digests[index]
            } catch {
                throw CheckpointError(path, .file, CalibrationFault.outOfReach(key: keys[index], reason: "\(error)"))
            }
        }
        let changed = zip(keys, same).filter { !$0.1 }.map(\.0)
        guard !changed.isEmpty else { return }
        result.forget(Set(changed.map { UTF8Name($0) }))
        observer.changed(changed, before - result.doneCount)
    }

    private func remaining(_ result: Part) -> [PictureSet.Entry] {
        guard result.doneCount > 0 else { return entries }
        let done = Set((result.pictureKeys + result.unreadable.map(\.key)).map { UTF8Name($0) })
        return entries.filter { !done.contains(UTF8Name($0.key)) }
    }

    private func measure(
        _ entry: PictureSet.Entry,
        _ input: Result<Input, any Error>,
        into result: inout Part,
        _ observer: PictureRunObserver
    ) throws {
        let reason: String
        do {
            guard let found = try measure(entry, try input.get(), &result) else { return }
            reason = found
        } catch let error as ImageRefusal {
            // What is wrong with another file than the picture's is said of that file.
            reason = Path.isSame(error.file, entry.path) ? error.reason : error.description
        }
        let unreadable = Unreadable(key: entry.key, reason: reason)
        result.unreadable.append(unreadable)
        observer.unreadable(unreadable)
    }
}
