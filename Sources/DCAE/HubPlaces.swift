internal import CheckpointIO
package import Hub
package import ModelZoo
internal import TensorCore

extension Variant {
    /// Where it is on the Hub in a layout, or in both: diffusers first, whose config says all that there is to say, and what
    /// holds it alone before the pipelines that hold it among others.
    package func places(in layout: Layout?) -> [HubName] {
        let wanted = repositories.filter { layout == nil || $0.layout == layout }
        let alone = wanted.filter { !$0.isPipeline }
        let ordered =
            alone.filter { $0.layout == .diffusers } + alone.filter { $0.layout != .diffusers }
            + wanted.filter(\.isPipeline)
        return ordered.compactMap { place in RepositoryID(place.id).map { HubName($0, path: place.folder) } }
    }
}

extension HubName {
    /// What a text can mean on the Hub, the likeliest first: a repository as it is written, or those of a variant.
    ///
    /// - Returns: nothing where it is a file or folder on this machine, or no name at all.
    package static func candidates(
        _ text: String,
        registry: Registry,
        layout: Layout? = nil
    ) throws(CheckpointError) -> [HubName] {
        if !isAddress(text), FileIdentity(path: text) != nil { return [] }
        if let variant = try? registry.variant(named: text), RepositoryID(text) == nil {
            return variant.places(in: layout)
        }
        guard let name = try parse(text) else { return [] }
        // `models/tuned` beside a folder `models` is a path that was mistyped, and is not sent to anybody.
        let first = text.prefix { $0 != "/" }
        if !isAddress(text), FileIdentity(path: String(first)) != nil { return [] }
        return [name]
    }

    /// What a text that is meant for the Hub can mean there, the likeliest first: a repository, or those of a variant.
    ///
    /// - Throws: where it is neither, with the variant that comes nearest.
    package static func named(
        _ text: String,
        registry: Registry,
        layout: Layout? = nil
    ) throws(CheckpointError) -> [HubName] {
        if let variant = try? registry.variant(named: text), RepositoryID(text) == nil {
            return variant.places(in: layout)
        }
        guard let found = try parse(text) else {
            _ = try registry.variant(named: text)
            throw CheckpointError(text, .file, HubFault.badRepository(text))
        }
        return [found]
    }

    /// What a text means on the Hub; nil where it is a file or folder on this machine, or no name at all.
    package static func parse(_ text: String, registry: Registry) throws(CheckpointError) -> HubName? {
        try candidates(text, registry: registry).first
    }
}

extension Hub {
    /// The path that names on the Hub stand for: in the cache, from afar, or fetched.
    ///
    /// - Parameters:
    ///   - names: what a text can mean, the likeliest first.
    ///   - fromAfar: whether headers are enough, so that what is not in the cache is left where it is.
    /// - Returns: the path; nil where there is no name.
    package func place(of names: [HubName], fromAfar: Bool) throws(CheckpointError) -> String? {
        if let path = names.lazy.compactMap({ cachedPath(for: $0, mustBeComplete: false) }).first { return path }
        return try Self.first(of: names) { name throws(CheckpointError) in
            guard fromAfar, !settings.isOffline else { return try localPath(for: name) }
            let remote = RemoteRepositories(settings, known: Registry.embeddedConfigs)
            let path = try remote.path(of: name)
            Elsewhere.set(remote)
            return path
        }
    }

    /// What comes of the first of some names whose repository is there; nil where there is no name.
    ///
    /// Variants have moved from one organisation to another: where a repository is not found, the next is asked.
    package static func first<Result>(
        of names: [HubName],
        _ body: (HubName) throws(CheckpointError) -> Result
    ) throws(CheckpointError) -> Result? {
        for (index, name) in names.enumerated() {
            do throws(CheckpointError) {
                return try body(name)
            } catch {
                if case .repositoryNotFound? = error.fault as? HubFault, index < names.count - 1 { continue }
                throw error
            }
        }
        return nil
    }
}
