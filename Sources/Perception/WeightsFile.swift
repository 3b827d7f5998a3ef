package import CheckpointIO
internal import TensorCore

/// What tells one file of weights from another.
package struct WeightsIdentity: Sendable, Equatable {
    /// The network that it is of, as `AlexNet`.
    package let network: String
    /// SHA-256 of the whole file.
    package let sha256: String
    /// The published file that it is, as its SHA-256 says; nil for any other.
    package let published: String?

    package init(network: String, sha256: String, published: String?) {
        (self.network, self.sha256, self.published) = (network, sha256, published)
    }

    /// `AlexNet 7be5be79`, with a word on whether it is the published one.
    package var text: String {
        "\(network) \(sha256.prefix(8))" + (published == nil ? " (not the published weights)" : "")
    }
}

/// The networks that are not ours, whose weights users bring.
package enum ForeignNetwork: String, Sendable, CaseIterable {
    case alexNet = "AlexNet"
    case heads = "LPIPS heads"
    case inception = "Inception"

    /// The tensors that it is recognised by, and that are read.
    package var parameters: [(name: String, shape: [Int])] {
        switch self {
        case .alexNet: PerceptualDistance.networkParameters
        case .heads: PerceptualDistance.headParameters
        case .inception: InceptionNetwork.parameters
        }
    }

    /// The published files, by the first digits of their SHA-256.
    var published: [(digits: String, name: String)] {
        switch self {
        case .alexNet: [("7be5be79", "alexnet-owt-7be5be79.pth")]
        case .heads: [("df73285e", "alex.pth of lpips 0.1")]
        case .inception: [("6726825d", "pt_inception-2015-12-05-6726825d.pth")]
        }
    }

    /// The names that such files have in torch's hub cache.
    var usualNames: [String] {
        switch self {
        case .alexNet: ["alexnet-owt-7be5be79.pth"]
        case .heads: ["alex.pth", "lpips_alex.pth"]
        case .inception: ["pt_inception-2015-12-05-6726825d.pth"]
        }
    }
}

/// An opened file of weights of a network that is not ours.
package struct WeightsFile: Sendable {
    /// The network that it is of.
    package let network: ForeignNetwork
    /// The file.
    package let path: String
    package let identity: WeightsIdentity
    private let checkpoint: Checkpoint

    /// Opens a file, whichever of some networks it is of: its tensors say so.
    ///
    /// - Throws: `PerceptionFault.notWeights` where it is of none, and what the readers of files throw.
    package init(_ path: String, among networks: [ForeignNetwork]) throws(CheckpointError) {
        let checkpoint = try Checkpoint.open(path)
        guard let network = networks.first(where: { checkpoint[$0.parameters[0].name] != nil }) else {
            let wanted = networks.map { (network: $0.rawValue, tensor: $0.parameters[0].name) }
            throw CheckpointError(
                path,
                .file,
                PerceptionFault.notWeights(of: wanted.map(\.network), tensors: wanted.map(\.tensor))
            )
        }
        self.network = network
        self.path = path
        self.checkpoint = checkpoint
        let digest = try Self.digest(checkpoint)
        let known = network.published.first { digest.hasPrefix($0.digits) }
        identity = WeightsIdentity(network: network.rawValue, sha256: digest, published: known?.name)
        for (name, shape) in network.parameters { _ = try find(name, shape) }
    }

    private static func digest(_ checkpoint: Checkpoint) throws(CheckpointError) -> String {
        var hash = SHA256()
        let step = 1 << 22
        for file in checkpoint.files {
            for start in stride(from: 0, to: file.size, by: step) {
                let bytes = try file.bytes(at: start, count: min(step, file.size - start))
                bytes.withUnsafeBytes { hash.update($0) }
            }
        }
        return hash.finish().description
    }

    private func find(_ name: String, _ shape: [Int]) throws(CheckpointError) -> StoredTensor {
        func refuse(_ fault: PerceptionFault) -> CheckpointError { CheckpointError(path, .tensor(name), fault) }
        guard let tensor = checkpoint[name] else { throw refuse(.missing(of: network.rawValue)) }
        let found = tensor.descriptor
        guard found.shape.dimensions == shape else {
            throw refuse(.shape(found.shape, expected: Shape(shape), of: network.rawValue))
        }
        guard found.dtype.isWeightFormat else { throw refuse(.type(found.dtype, of: network.rawValue)) }
        return tensor
    }

    /// The values of a tensor in single precision.
    ///
    /// - Throws: where the tensor is missing, has another shape, or holds what is no number.
    func values(_ name: String, _ shape: [Int]) throws(CheckpointError) -> [Float] {
        let tensor = try find(name, shape)
        let bytes = try checkpoint.bytes(of: tensor)
        let values = [Float](unsafeUninitializedCapacity: shape.reduce(1, *)) { target, count in
            bytes.withUnsafeBytes { source in
                _ = NumberFormat.convert(
                    source,
                    from: tensor.descriptor.dtype,
                    into: UnsafeMutableRawBufferPointer(target),
                    to: .f32
                )
            }
            count = shape.reduce(1, *)
        }
        guard values.allSatisfy(\.isFinite) else {
            throw CheckpointError(path, .tensor(name), PerceptionFault.notFinite(of: network.rawValue))
        }
        return values
    }
}
