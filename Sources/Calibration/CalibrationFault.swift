internal import CheckpointIO
package import Inference
package import TensorCore

/// What can be wrong with pictures to measure, with partial results, and with what was measured.
package enum CalibrationFault: Fault, Equatable {
    case emptyList
    case namedTwice(key: String)
    case sizeIsNoMultiple(side: Int, of: Int)
    case nothingMeasured(unreadable: Int)
    case noFactor(rms: Double)
    case constantChannel(Int)
    case notPartial(String, command: String)
    case otherRun(String)
    case otherPart(Shard, wanted: Shard)
    case noDigests
    case outOfReach(key: String, reason: String)
    case differs(what: String, other: String)
    case otherCount(Int, of: Int, other: String)
    case sameShard(index: Int, count: Int, other: String)
    case missingShards([Int], count: Int)
    case incomplete(done: Int, of: Int)
    case samePicture(key: String, other: String)

    package var kind: RefusalKind {
        switch self {
        case .emptyList: .noInputs
        case .namedTwice, .samePicture: .sameName
        case .sizeIsNoMultiple: .wrongSize
        case .nothingMeasured, .noFactor, .constantChannel: .nothingMeasured
        case .notPartial: .unknownFormat
        case .otherRun, .otherPart, .noDigests, .differs, .otherCount, .sameShard: .otherRun
        case .outOfReach: .unreadableInput
        case .missingShards, .incomplete: .partsMissing
        }
    }

    package var message: String {
        switch self {
        case .emptyList: "this list names no picture"
        case .namedTwice(let key): "\(key.escaped(limit: 80)) is named twice"
        case .sizeIsNoMultiple(let side, let ratio): "\(side) is no multiple of \(ratio), the network's compression"
        case .nothingMeasured(let unreadable):
            unreadable == 1
                ? "the only picture could not be measured" : "none of the \(unreadable) pictures could be measured"
        case .noFactor(let rms): "the latents' root mean square is \(rms), from which no factor follows"
        case .constantChannel(let channel):
            "latent channel \(channel) has one value in all pictures, so there is no latents_std"
        case .notPartial(let what, let command): "this is not a partial result of `\(command)`: \(what)"
        case .otherRun(let what): "this is the partial result of another run: \(what)"
        case .otherPart(let found, let wanted): "this is the state of part \(found), not of part \(wanted)"
        case .noDigests: "this is the state of an earlier version, which did not keep what tells pictures apart"
        case .outOfReach(let key, let reason):
            "\(key.escaped(limit: 80)) was measured before, and cannot be read now: \(reason)"
        case .otherCount(let found, let wanted, let other):
            "it is one of \(found) parts, where \(other.escaped(limit: 80)) is one of \(wanted)"
        case .differs(let what, let other): "\(what) than \(other.escaped(limit: 80))"
        case .sameShard(let index, let count, let other):
            "it is part \(index) of \(count), as \(other.escaped(limit: 80)) is"
        case .missingShards(let parts, let count):
            "\(parts.count == 1 ? "part" : "parts") \(Self.list(parts)) of \(count) \(parts.count == 1 ? "is" : "are") missing"
        case .incomplete(let done, let all): "it is unfinished: \(done) of \(all) pictures were measured"
        case .samePicture(let key, let other):
            "\(key.escaped(limit: 60)) is in it and in \(other.escaped(limit: 80))"
        }
    }

    package var remedy: Words? {
        switch self {
        case .emptyList: "a list has a path in each line"
        case .namedTwice: "name every picture once"
        case .sizeIsNoMultiple(_, let ratio): "choose a multiple, as \(.size, ratio * 8)"
        case .nothingMeasured: nil
        case .noFactor: "these are no weights of a trained encoder"
        case .constantChannel: "leave out \(.withMeanStd), or give more pictures"
        case .notPartial(_, let command): "give files that `\(command) -o` wrote"
        case .otherRun, .noDigests: "choose another file, or add \(.overwrite) to begin anew"
        case .otherPart(_, let wanted):
            wanted.isWhole
                ? "choose another file"
                : "choose another file, or a folder as in \(.output, "parts/"), which keeps a file for each part"
        case .outOfReach: "bring it back and repeat the command, or add \(.overwrite) to begin anew"
        case .differs, .otherCount: "merge parts of one run"
        case .sameShard, .samePicture: "give every part once"
        case .missingShards: "run the missing parts, or add \(.allowMissing)"
        case .incomplete: "run the same command again to finish it, or add \(.allowMissing)"
        }
    }

    private static func list(_ numbers: [Int]) -> String {
        let shown = numbers.prefix(6).map(String.init).joined(separator: ", ")
        return numbers.count > 6 ? shown + " and \(numbers.count - 6) more" : shown
    }
}
