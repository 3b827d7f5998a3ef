internal import CheckpointIO
package import TensorCore

/// What can be wrong with an evaluation as a whole.
package enum EvaluationFault: Fault, Equatable {
    case otherReference(given: Bool)
    case noModels
    case noPictures
    case notComparable(String, other: String)
    case incomplete(done: Int, of: Int)
    case noFeatures
    case noRoomForFeatures(gigabytes: Int)

    package var kind: RefusalKind {
        switch self {
        case .otherReference, .notComparable: .otherRun
        case .noModels, .noPictures: .noInputs
        case .incomplete: .partsMissing
        case .noRoomForFeatures: .outOfMemory
        case .noFeatures: .badWeights
        }
    }

    package var message: String {
        switch self {
        case .otherReference(let given):
            given
                ? "these are other statistics than those that the parts were measured against"
                : "the parts were measured against statistics of a file"
        case .noModels: "no model was named"
        case .noPictures: "no pictures are named"
        case .notComparable(let what, let other): "\(what) than \(other.escaped(limit: 80))"
        case .incomplete(let done, let all): "it is unfinished: \(done) of \(all) pictures were measured"
        case .noRoomForFeatures(let gigabytes):
            "the features of so many pictures take \(gigabytes) GB, more than there is"
        case .noFeatures: "statistics for FID need Inception's weights, and there are none"
        }
    }

    package var remedy: Words? {
        switch self {
        case .otherReference: "give the same file with \(.fidReference)"
        case .noModels: "name a checkpoint or a model folder before the pictures"
        case .noPictures: "name a folder of pictures, a .txt list or files after the models"
        case .notComparable: "measure both in the same way"
        case .incomplete: "repeat its command to finish it"
        case .noRoomForFeatures: "take fewer with \(.limit), or leave rFID out with \(.noFid)"
        case .noFeatures: "give pt_inception-2015-12-05-6726825d.pth of pytorch-fid with \(.fidWeights)"
        }
    }
}
