internal import CheckpointIO
package import Inference
package import TensorCore

/// What can be wrong with an evaluation as a whole.
package enum EvaluationFault: Fault, Equatable {
    case otherReference(given: Bool)
    case noModels
    case noPictures
    case notFolder
    case notComparable(String, other: String)
    case otherPicture(key: String, other: String)
    case isPart(Shard)
    case incomplete(done: Int, of: Int)
    case noFeatures
    case noRoomForFeatures(gigabytes: Int)

    package var kind: RefusalKind {
        switch self {
        case .otherReference, .notComparable, .otherPicture: .otherRun
        case .noModels, .noPictures, .notFolder: .noInputs
        case .incomplete, .isPart: .partsMissing
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
        case .noPictures: "this is taken for a model, and no pictures are named after it"
        case .notFolder: "this is a file, where a folder of pictures was expected"
        case .otherPicture(let key, let other):
            "it is of other pictures: \(key.escaped(limit: 80)) is another file than that of \(other.escaped(limit: 80))"
        case .isPart(let shard): "it is part \(shard.index) of \(shard.count), not a result of all pictures"
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
        case .notFolder: "name the folders that the pictures are in"
        case .notComparable: "measure both in the same way"
        case .otherPicture: "measure both over the same pictures"
        case .isPart: "merge the parts first"
        case .incomplete: "repeat its command to finish it"
        case .noRoomForFeatures: "take fewer with \(.limit), or leave rFID out with \(.noFid)"
        case .noFeatures: "give pt_inception-2015-12-05-6726825d.pth of pytorch-fid with \(.fidWeights)"
        }
    }
}
