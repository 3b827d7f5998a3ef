internal import CheckpointIO
package import TensorCore

/// What can be wrong with the tensors and outputs of a run.
package enum InferenceFault: Fault, Equatable {
    case noTensors
    case notTensors(String)
    case picture(String)
    case noSuchTensor(String, among: [String], suggested: String?)
    case whichTensor(among: [String], suggested: String?)
    case tensorType(DType)
    case tensorShape(Shape, channels: Int)
    case tensorTooLarge(Shape, gigabytes: Int)
    case tensorOverflow(count: Int)
    case otherChannels(Shape, channels: Int, isLatent: Bool)
    case latentNote(String)
    case latentIsNotScaled
    case latentIsScaledOtherwise(found: String, asked: String)
    case noInputs
    case sameOutput(String, String)
    case differentSizes([Int], [Int])
    case severalSamples(Int)
    case notRGB(channels: Int)
    case outputKind(kinds: [String])
    case sides(height: Int, width: Int, ratio: Int)

    package var kind: RefusalKind {
        switch self {
        case .noTensors, .notTensors, .picture: .unknownFormat
        case .noSuchTensor: .noSuchTensor
        case .whichTensor: .ambiguousTensor
        case .tensorType: .wrongType
        case .tensorShape, .otherChannels, .differentSizes, .sides: .wrongSize
        case .tensorTooLarge: .outOfMemory
        case .tensorOverflow: .outOfRange
        case .latentNote, .latentIsNotScaled, .latentIsScaledOtherwise: .latentContradicts
        case .noInputs: .noInputs
        case .sameOutput: .sameName
        case .severalSamples, .notRGB, .outputKind: .badOutput
        }
    }

    package var candidates: [RefusalDetails.Candidate] {
        switch self {
        case .noSuchTensor(_, let names, _), .whichTensor(let names, _): names.map { .name($0) }
        default: []
        }
    }

    package var message: String {
        switch self {
        case .noTensors: "it holds no tensors"
        case .notTensors(let what), .picture(let what): "this is \(what), but a tensor was expected"
        case .noSuchTensor(let name, let names, _):
            "it holds no tensor \"\(name.escaped(limit: 60))\", but \(Self.list(names))"
        case .whichTensor(let names, _): "it holds \(names.count) tensors: \(Self.list(names))"
        case .tensorType(let dtype): "its elements are \(dtype.rawValue), but floating-point numbers were expected"
        case .tensorShape(let shape, let channels):
            "its shape is \(shape.description.escaped(limit: 60)), but [N, \(channels), H, W] or [\(channels), H, W] was expected"
        case .tensorTooLarge(let shape, let gigabytes):
            "its shape \(shape.description.escaped(limit: 60)) takes \(gigabytes) GB with its result, more than the free memory"
        case .tensorOverflow(let count): "\(count) of its values are beyond single precision"
        case .otherChannels(let shape, let channels, let isLatent):
            isLatent
                ? "its shape is \(shape.description.escaped(limit: 60)), but this model's latents have \(channels) channels"
                : "its shape is \(shape.description.escaped(limit: 60)), but [N, \(channels), H, W] or [\(channels), H, W] was expected"
        case .latentNote(let what): "its metadata about the latent is wrong: \(what)"
        case .latentIsNotScaled: "you said that it is scaled, but its metadata says that it is not"
        case .latentIsScaledOtherwise(let found, let asked):
            "its metadata says that it was scaled as \(found), but you asked for \(asked)"
        case .noInputs: "there is no .safetensors or .npy file in this folder"
        case .sameOutput(let a, let b):
            "\(a.escaped(limit: 200)) and \(b.escaped(limit: 200)) would both be written to it"
        case .differentSizes(let a, let b):
            "results of different sizes, \(Shape(a)) and \(Shape(b)), cannot form one batch"
        case .severalSamples(let count): "one PNG cannot hold \(count) samples"
        case .notRGB(let channels): "samples of \(channels) channels are not pictures"
        case .sides(let height, let width, let ratio):
            "\(width)x\(height) is not a multiple of \(ratio), the network's compression"
        case .outputKind(let kinds):
            "an output file ends in "
                + (kinds.count > 1 ? kinds.dropLast().joined(separator: ", ") + " or " : "") + (kinds.last ?? "")
        }
    }

    package var remedy: Words? {
        switch self {
        case .picture: "`dcae encode` makes a latent of a picture"
        case .noTensors, .notTensors, .tensorType, .noInputs: "save the tensor with safetensors or numpy.save"
        case .latentNote: "save it without that metadata, and say with \(.scaled) whether it is scaled"
        case .latentIsNotScaled: "leave out \(.scaled)"
        case .latentIsScaledOtherwise: "leave out \(.scaled): it is then scaled back as its metadata says"
        case .noSuchTensor(_, _, let suggested), .whichTensor(_, let suggested):
            "choose one with \(.tensor)" + (suggested.map { ", for example \(.tensor, $0.escaped(limit: 60))" } ?? "")
        case .tensorTooLarge: "cut it into parts"
        case .tensorOverflow: nil
        case .otherChannels(_, _, let isLatent):
            isLatent ? "decode it with the autoencoder that made it" : "give it as many channels"
        case .tensorShape: "permute it to that order: channels before rows and columns"
        case .sameOutput: "write them into different folders"
        case .differentSizes: "write them into a folder"
        case .severalSamples: "write them into a folder, or as .safetensors"
        case .notRGB: "write them as .safetensors"
        case .outputKind(let kinds): kinds.count > 1 ? "or name a folder" : nil
        case .sides: nil
        }
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(6).map { "\"\($0.escaped(limit: 40))\"" }.joined(separator: ", ")
        return names.count > 6 ? shown + " and \(names.count - 6) more" : shown
    }
}

/// What went wrong in the network, and in which file.
package struct PlacedRefusal: Refusal {
    /// The file; nil where the cause names it.
    package let place: String?
    /// What went wrong.
    package let cause: any Refusal
    /// Whether a check that was asked for found something, rather than that the work could not be done.
    package let isFinding: Bool

    package var description: String { line(Words.label) }

    package func line(_ spelling: (Words.Option, String?) -> String) -> String {
        (place.map { "\($0.escaped(limit: 300)): " } ?? "") + cause.line(spelling)
    }

    package var details: RefusalDetails {
        var details = cause.details.inFile(place)
        if isFinding { details.kind = .finding }
        return details
    }
}
