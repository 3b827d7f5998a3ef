package import CheckpointIO
internal import Libc

/// Finds the weights of networks that are not ours: those that are named, else those in torch's hub cache.
package struct WeightsSearch: Sendable {
    /// The value of an environment variable.
    private let variable: @Sendable (String) -> String?

    package init(
        _ variable: @escaping @Sendable (String) -> String? = { getenv($0).map { SystemText.text(cString: $0) } }
    ) {
        self.variable = variable
    }

    /// The folder that torch keeps checkpoints in: TORCH_HOME/hub/checkpoints, by default below ~/.cache/torch.
    package var hubFolder: String? {
        func value(_ name: String) -> String? { variable(name).flatMap { $0.isEmpty ? nil : $0 } }
        let home = value("HOME").map { Path.join($0, ".cache") }
        let torch = value("TORCH_HOME") ?? (value("XDG_CACHE_HOME") ?? home).map { Path.join($0, "torch") }
        return torch.map { Path.join($0, "hub/checkpoints") }
    }

    /// The files of AlexNet and of LPIPS' heads.
    ///
    /// - Parameter paths: files, in any order, or a folder with both; where none is given, torch's cache is looked at.
    /// - Returns: both; nil where none were given and the cache does not have both.
    /// - Throws: where one of the two is not among those given, and what opening them throws.
    package func lpips(_ paths: [String]) throws(CheckpointError) -> (network: WeightsFile, heads: WeightsFile)? {
        if paths.isEmpty {
            guard let network = try cached(.alexNet), let heads = try cached(.heads) else { return nil }
            return (network, heads)
        }
        var found: [ForeignNetwork: WeightsFile] = [:]
        for path in paths {
            for file in try files(at: path) {
                if let other = found[file.network] {
                    let fault = PerceptionFault.givenTwice(network: file.network.rawValue, other: other.path)
                    throw CheckpointError(file.path, .file, fault)
                }
                found[file.network] = file
            }
        }
        // One that is not named may be in the cache, as torchvision puts AlexNet there and nobody the heads.
        var (network, heads) = (found[.alexNet], found[.heads])
        if network == nil { network = try cached(.alexNet) }
        if heads == nil { heads = try cached(.heads) }
        guard let network else { throw CheckpointError(paths[0], .file, PerceptionFault.noNetwork) }
        guard let heads else { throw CheckpointError(paths[0], .file, PerceptionFault.noHeads) }
        return (network, heads)
    }

    /// The file of pytorch-fid's Inception.
    ///
    /// - Parameter path: the file; nil to look at torch's cache.
    package func inception(_ path: String?) throws(CheckpointError) -> WeightsFile? {
        guard let path else { return try cached(.inception) }
        return try WeightsFile(path, among: [.inception])
    }

    private func files(at path: String) throws(CheckpointError) -> [WeightsFile] {
        guard Folder.exists(path) else { return [try WeightsFile(path, among: [.alexNet, .heads])] }
        var found: [WeightsFile] = []
        for name in try Folder.names(in: path) {
            let file = Path.join(path, name)
            guard [".pth", ".pt", ".safetensors"].contains(where: { Path.hasEnding(name, $0) }) else { continue }
            // A folder of weights holds others too.
            do throws(CheckpointError) {
                found.append(try WeightsFile(file, among: [.alexNet, .heads]))
            } catch {
                guard case .notWeights? = error.fault as? PerceptionFault else { throw error }
            }
        }
        if found.isEmpty { throw CheckpointError(path, .file, PerceptionFault.noWeightsInFolder) }
        return found
    }

    private func cached(_ network: ForeignNetwork) throws(CheckpointError) -> WeightsFile? {
        guard let hubFolder else { return nil }
        for name in network.usualNames {
            let path = Path.join(hubFolder, name)
            if FileIdentity(path: path) != nil { return try WeightsFile(path, among: [network]) }
        }
        return nil
    }
}
