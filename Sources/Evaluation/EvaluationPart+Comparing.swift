internal import Calibration
package import CheckpointIO
internal import Inference
internal import TensorCore

extension EvaluationPart {
    /// Puts finished measurements of different models over the same pictures side by side, as if the models had run together.
    ///
    /// - Parameter paths: the files that runs kept with `-o`, or merges wrote.
    /// - Throws: where one is not finished, or was measured in another way than the first.
    package static func compare(_ paths: [String]) throws(CheckpointError) -> EvaluationPart {
        var whole: EvaluationPart?
        for path in paths {
            var part = try read(path)
            part.sort()
            func refuse(_ fault: EvaluationFault) -> CheckpointError { CheckpointError(path, .file, fault) }
            guard part.shard.isWhole else { throw refuse(.isPart(part.shard)) }
            guard part.isComplete else { throw refuse(.incomplete(done: part.doneCount, of: part.pictureCount)) }
            guard let first = whole else {
                whole = part
                continue
            }
            if let what = part.subject.differenceOfConditions(from: first.subject) {
                throw refuse(.notComparable(what, other: paths[0]))
            }
            if let key = first.otherPicture(part) { throw refuse(.otherPicture(key: key, other: paths[0])) }
            whole = first.beside(part)
        }
        guard let whole else { preconditionFailure("a comparison has files") }
        return whole
    }

    /// A picture that both have measured under one name, and whose files differ; nil where all are the same.
    private func otherPicture(_ other: EvaluationPart) -> String? {
        let digests = Dictionary(records.map { (UTF8Name($0.key), $0.digest) }, uniquingKeysWith: { first, _ in first })
        return other.records.first { record in
            digests[UTF8Name(record.key)].map { $0 != record.digest } ?? false
        }?.key
    }

    /// The pictures that both have measured, with the models of both.
    private func beside(_ other: EvaluationPart) -> EvaluationPart {
        var result = EvaluationPart(
            subject: subject.with(subject.sides + other.subject.sides),
            shard: .whole
        )
        let others = Dictionary(
            other.records.map { (UTF8Name($0.key), $0) },
            uniquingKeysWith: { first, _ in first }
        )
        result.records = records.compactMap { record in
            guard let partner = others[UTF8Name(record.key)] else { return nil }
            var joined = record
            joined.sides += partner.sides
            return joined
        }
        // A picture that one could not measure is missing from both.
        let odd =
            unreadable
            + other.unreadable.filter { found in
                !unreadable.contains { $0.key.utf8.elementsEqual(found.key.utf8) }
            }
        result.unreadable = odd
        result.sort()
        return result
    }
}
