internal import CheckpointIO
package import TensorCore

/// What can be wrong with the weights of networks that are not ours, and with statistics of features.
package enum PerceptionFault: Fault, Equatable {
    case notWeights(of: [String], tensors: [String])
    case missing(of: String)
    case shape(Shape, expected: Shape, of: String)
    case type(DType, of: String)
    case notFinite(of: String)
    case givenTwice(network: String, other: String)
    case noHeads
    case noNetwork
    case noWeightsInFolder
    case notArchive
    case notSymmetric
    case noStatistics(missing: String)
    case statisticsShape(Shape, expected: Shape)
    case statisticsType(DType)
    case statisticsNotFinite
    case otherFeatures(found: Int, expected: Int)
    case tooFewPictures(Int)
    case noMemory(gigabytes: Int)

    package var kind: RefusalKind {
        switch self {
        case .tooFewPictures: .nothingMeasured
        case .noMemory: .outOfMemory
        default: .badWeights
        }
    }

    package var message: String {
        switch self {
        case .notWeights(let networks, let tensors):
            "these are not weights of \(Self.list(networks)): there is no tensor \(Self.list(tensors.map { "\"\($0)\"" }))"
        case .missing(let network): "\(network) has this tensor, but the file does not"
        case .shape(let found, let expected, let network):
            "its shape is \(found.description.escaped(limit: 60)), but \(network) has \(expected)"
        case .type(let dtype, let network): "its elements are \(dtype.rawValue), but \(network) has floats"
        case .notFinite(let network): "it holds NaN or infinity, which \(network) cannot use"
        case .givenTwice(let network, let other):
            "it is another file of \(network), beside \(other.escaped(limit: 80))"
        case .noHeads: "these are only AlexNet's weights; LPIPS also needs its linear heads"
        case .noNetwork: "these are only the heads of LPIPS; it also needs AlexNet's weights"
        case .noWeightsInFolder: "no file in this folder holds weights of AlexNet or the heads of LPIPS"
        case .notArchive: "this is not an .npz file, which is a zip archive of arrays"
        case .notSymmetric: "it is not symmetric, as every covariance is"
        case .noStatistics(let name): "it has no array \"\(name)\"; statistics for FID are mu and sigma"
        case .statisticsShape(let found, let expected):
            "its shape is \(found.description.escaped(limit: 60)), but \(expected) was expected"
        case .statisticsType(let dtype): "its elements are \(dtype.rawValue), but float64 was expected"
        case .statisticsNotFinite: "it holds NaN or infinity"
        case .otherFeatures(let found, let expected):
            "it has statistics of \(found) features, but Inception has \(expected)"
        case .tooFewPictures(let count):
            "statistics of \(count == 1 ? "one picture" : "\(count) pictures") have no covariance"
        case .noMemory(let gigabytes): "statistics of these features take \(gigabytes) GB, more than the free memory"
        }
    }

    package var remedy: Words? {
        switch self {
        case .notWeights(let networks, _): Words(networks.compactMap(Self.source).joined(separator: "; "))
        case .missing, .shape, .type: "give the file as it was published"
        case .notFinite: "download it again"
        case .givenTwice: "give one of them"
        case .noHeads: Self.source("LPIPS heads").map { "give them too: \($0)" }
        case .noNetwork: Self.source("AlexNet").map { "give it too: \($0)" }
        case .noWeightsInFolder: "give the files themselves, with \(.lpipsWeights) twice"
        case .notArchive, .notSymmetric, .noStatistics, .statisticsShape, .statisticsType, .statisticsNotFinite,
            .otherFeatures:
            "make it again with \(.fidReference) and the name of a new file"
        case .tooFewPictures: "give more pictures"
        case .noMemory: "take fewer pictures with \(.limit)"
        }
    }

    /// Where weights are had.
    private static func source(_ network: String) -> String? {
        switch network {
        case "AlexNet": "torchvision has it as alexnet-owt-7be5be79.pth"
        case "LPIPS heads": "the package lpips has them as weights/v0.1/alex.pth"
        case "Inception": "pytorch-fid has it as pt_inception-2015-12-05-6726825d.pth"
        default: nil
        }
    }

    private static func list(_ words: [String]) -> String {
        words.dropLast().joined(separator: ", ") + (words.count > 1 ? " or " : "") + (words.last ?? "")
    }
}
