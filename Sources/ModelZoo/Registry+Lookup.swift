public import CheckpointIO
internal import TensorCore

extension Registry {
    /// The variant that a name, an alias or a repository stands for.
    ///
    /// - Parameter place: where the name was given, for the error.
    /// - Throws: `RegistryFault.severalVariants` with what a partial name can mean, or `.unknownVariant` with the nearest
    ///   name; nothing is guessed.
    public func variant(named name: String, in place: String = "variant") throws(CheckpointError) -> Variant {
        let wanted = name.lowercased()
        if let found = variants.first(where: { $0.names.contains { $0.lowercased() == wanted } }) { return found }
        let candidates = candidates(matching: name)
        if candidates.count > 1 {
            throw CheckpointError(place, .file, RegistryFault.severalVariants(name, candidates.map(\.shortName)))
        }
        let suggestion = candidates.first?.shortName ?? nearestName(to: name)
        throw CheckpointError(place, .file, RegistryFault.unknownVariant(name, nearest: suggestion))
    }

    /// The variant that a path or a repository says it is, as diffusers notes it in `_name_or_path`.
    ///
    /// Of a path on somebody's disk the last component counts, where that is the full name of a variant or of a
    /// repository: short names are too common as names of folders.
    public func variant(nameOrPath: String) -> Variant? {
        let wanted = nameOrPath.lowercased()
        if let found = variants.first(where: { $0.names.contains { $0.lowercased() == wanted } }) { return found }
        let last = ModelFolder.name(of: wanted)
        return variants.first { variant in
            let folders = variant.repositories.filter { !$0.isPipeline }.compactMap(\.folder)
            let names = [variant.name] + variant.repositories.map { ModelFolder.name(of: $0.id) } + folders
            return names.contains { $0.lowercased() == last }
        }
    }

    /// The variants that a part of a name can mean: `mix`, `1.5`, `f32 sana`.
    ///
    /// Every part of the text, cut at hyphens, must begin a part of the name, of one alias, or be the family.
    public func candidates(matching text: String) -> [Variant] {
        func parts(_ name: String) -> [Substring] {
            name.lowercased().split { "-_/ ".contains($0) }
        }
        let wanted = parts(text)
        guard !wanted.isEmpty else { return [] }
        return variants.filter { variant in
            ([variant.name] + variant.aliases + [variant.family]).contains { name in
                let found = parts(name)
                return wanted.allSatisfy { part in found.contains { $0.hasPrefix(part) } }
            }
        }
    }

    /// The name that is nearest to a text, where one is near.
    public func nearestName(to text: String) -> String? {
        nearest(to: text, among: variants.flatMap { [$0.name] + $0.aliases })
            ?? nearest(to: text, among: variants.flatMap(\.names))
    }

    /// The variant and the file that were published with a digest.
    ///
    /// - Parameter sha256: SHA-256 of a whole file, in hexadecimal digits.
    public func published(sha256: String) -> (variant: Variant, file: Variant.PublishedFile)? {
        let wanted = sha256.lowercased()
        for variant in variants {
            if let file = variant.digests.first(where: { $0.sha256 == wanted }) { return (variant, file) }
        }
        return nil
    }

    /// The other variants whose encoder has the same weights.
    public func variants(withEncoderOf variant: Variant) -> [Variant] {
        others(than: variant, where: \.encoderOf)
    }

    /// The other variants whose decoder has the same weights.
    public func variants(withDecoderOf variant: Variant) -> [Variant] {
        others(than: variant, where: \.decoderOf)
    }

    private func others(than variant: Variant, where origin: (Variant) -> String?) -> [Variant] {
        let first = root(of: variant, origin)
        return variants.filter { $0.name != variant.name && root(of: $0, origin) == first }
    }

    /// The first of the variants that hand something down to this one; as far as this registry is long, should they form a ring.
    private func root(of variant: Variant, _ origin: (Variant) -> String?) -> String {
        var current = variant
        for _ in variants {
            guard let name = origin(current), let next = variants.first(where: { $0.name == name }) else { break }
            current = next
        }
        return current.name
    }

    /// The other variants whose tensors have the same names, shapes and dtypes: nothing in a file's structure tells them
    /// apart from this one.
    public func variants(withTensorsOf variant: Variant) -> [Variant] {
        let network = NetworkDescription(variant.config)
        return variants.filter { $0.name != variant.name && NetworkDescription($0.config) == network }
    }
}
