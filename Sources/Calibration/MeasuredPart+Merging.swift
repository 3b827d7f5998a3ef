package import CheckpointIO
internal import Inference

extension MeasuredPart {
    /// Puts the parts of one measurement together: the same totals as of one run, whatever their number and order.
    ///
    /// - Parameters:
    ///   - paths: the files of all parts.
    ///   - allowsMissing: whether parts may be missing or unfinished.
    /// - Returns: the whole; where parts are missing it is not complete.
    /// - Throws: for parts that belong to different measurements, that come twice, or that are missing.
    package static func merge(_ paths: [String], allowsMissing: Bool) throws(CheckpointError) -> Self {
        var whole: Self?
        var (first, count) = ("", 0)
        var owners: [Int: String] = [:]
        for path in paths {
            let part = try read(path)
            func refuse(_ fault: CalibrationFault) -> CheckpointError { CheckpointError(path, .file, fault) }
            if !part.isComplete, !allowsMissing {
                throw refuse(.incomplete(done: part.doneCount, of: part.shardPictureCount))
            }
            if var merged = whole {
                // Nobody else holds the totals now, so that they grow in place.
                whole = nil
                if let what = part.difference(from: merged) {
                    throw refuse(.differs(what: what, other: first))
                }
                if part.shard.count != count {
                    throw refuse(.otherCount(part.shard.count, of: count, other: first))
                }
                if let other = owners[part.shard.index] {
                    throw refuse(.sameShard(index: part.shard.index, count: count, other: other))
                }
                merged.add(part)
                whole = merged
            } else {
                (first, count) = (path, part.shard.count)
                whole = part.asWhole
            }
            owners[part.shard.index] = path
        }
        guard var whole else { preconditionFailure("a merge has parts") }
        // Of more parts than pictures the last ones are empty, and it does not matter whether they are there.
        let missing = (1...count).filter { owners[$0] == nil && $0 <= whole.pictureCount }
        if !missing.isEmpty, !allowsMissing {
            throw CheckpointError(first, .file, CalibrationFault.missingShards(missing, count: count))
        }
        whole.sort()
        try whole.refuseTwice(first)
        return whole
    }

    /// Parts whose numbers differ cannot share a picture unless a file was changed by hand; statistics would count it twice.
    private func refuseTwice(_ path: String) throws(CheckpointError) {
        let keys = pictureKeys
        for (a, b) in zip(keys, keys.dropFirst()) where a.utf8.elementsEqual(b.utf8) {
            throw CheckpointError(path, .file, CalibrationFault.samePicture(key: a, other: "another part"))
        }
    }
}
