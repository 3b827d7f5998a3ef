package import CheckpointIO
package import ModelZoo
internal import TensorCore

/// A file that is, byte for byte, one that was published.
package struct PublishedMatch: Sendable {
    package let variant: Variant
    package let file: Variant.PublishedFile

    /// In words: `byte for byte the published dc-ae-f32c32-sana-1.1 (model.safetensors of mit-han-lab/…)`.
    package var text: String {
        let place = file.publications.first.map { " of \($0.repository)" } ?? ""
        return "byte for byte the published \(variant.name) (\(file.name)\(place))"
    }
}

extension OpenedModel {
    /// Whether the size of its one file is that of a published one, so that its digest may say which.
    package var mayBePublished: Bool {
        guard file.files.count == 1, !file.isCompressed else { return false }
        return registry.variants.contains { variant in
            variant.digests.contains { $0.byteCount == nil ? isWeights($0) : $0.byteCount == file.files[0].size }
        }
    }

    private func isWeights(_ published: Variant.PublishedFile) -> Bool {
        published.name.hasSuffix(".safetensors") && structural.contains { $0.digests.contains(published) }
    }

    /// The published file that it is, byte for byte; nil where it is none. Reads the whole file, where its size is that of one.
    package func published(progress: (@Sendable (Int) throws(CheckpointError) -> Void)? = nil) throws(CheckpointError)
        -> PublishedMatch?
    {
        guard mayBePublished, let source = file.files.first else { return nil }
        if source.isElsewhere { return source.listedDigest.flatMap(match) }
        var hash = SHA256()
        let step = 1 << 20
        for start in stride(from: 0, to: source.size, by: step) {
            let count = min(step, source.size - start)
            let bytes = try source.bytes(at: start, count: count)
            bytes.withUnsafeBytes { hash.update($0) }
            try progress?(count)
        }
        return match(hash.finish().description)
    }

    private func match(_ digest: String) -> PublishedMatch? {
        registry.published(sha256: digest).map { PublishedMatch(variant: $0.variant, file: $0.file) }
    }

    /// The same with the fact that it is a published file among the evidence.
    package func adding(_ match: PublishedMatch?) -> OpenedModel {
        guard let match else { return self }
        var model = self
        model.answer = settle(answer.measurement, match)
        return model
    }
}
