package import CheckpointIO
internal import ModelZoo
package import Models
package import TensorCore

/// What a checkpoint holds, by digests: a text that depends on the content alone.
///
/// An original checkpoint, its diffusers copy, its shards and its PyTorch file have the same manifest, since it lists the tensors
/// of the diffusers layout sorted by name. One line for each tensor,
///
///     SHA-256 of the data  DTYPE  [SHAPE]  NAME
///
/// separated by two spaces, comes after three lines that begin with `#`. The content digest among those is the SHA-256 of all
/// that follows, so that `grep -v '^#' manifest | sha256sum` gives it too.
package struct Manifest: Sendable, Equatable {
    /// Which names the tensors have.
    package enum Names: String, Sendable, CaseIterable {
        /// Those of the diffusers layout, whatever layout the checkpoint is stored in.
        case diffusers
        /// Those that the checkpoint has.
        case stored
    }

    /// A tensor.
    package struct Entry: Sendable, Equatable {
        /// The SHA-256 of its data: row-major, each element with its least significant byte first.
        package let digest: SHA256Digest
        package let dtype: DType
        package let shape: Shape
        /// The name as it is written in manifests: `Manifest.escape` of the tensor's.
        package let name: String

        /// The line that stands for it, without its end.
        package var line: String {
            let sizes = shape.dimensions.map(String.init).joined(separator: ",")
            return "\(digest)  \(dtype.rawValue)  [\(sizes)]  \(name)"
        }
    }

    package let names: Names
    /// The tensors, in the order of their names' bytes.
    package let entries: [Entry]
    /// The SHA-256 of the tensors' lines: what tells one content from another.
    package let content: SHA256Digest

    init(names: Names, entries: [Entry]) {
        self.names = names
        self.entries = entries.sorted { a, b in
            let (x, y) = (UTF8Name(a.name), UTF8Name(b.name))
            // Two tensors can have one name only where names of both layouts are mixed in one file.
            return x == y ? UTF8Name(a.line) < UTF8Name(b.line) : x < y
        }
        var hash = SHA256()
        for entry in self.entries { hash.update(entry.line + "\n") }
        content = hash.finish()
    }

    /// Reads a checkpoint and lists what it holds.
    ///
    /// - Parameters:
    ///   - model: of any layout and format.
    ///   - names: which names are wanted; of a checkpoint that is no DC-AE, the stored ones are all there are.
    ///   - nearest: whether the names of the nearest network will do, to compare with what is listed already.
    ///   - dtype: what weights are rounded to first; nil to take them as they are.
    ///   - progress: is told how many bytes were read.
    /// - Throws: where data cannot be read.
    package init(
        of model: OpenedModel,
        names: Names = .diffusers,
        nearest: Bool = false,
        as dtype: DType? = nil,
        threads: Int = Workers.defaultCount,
        progress: (@Sendable (Int) throws(CheckpointError) -> Void)? = nil
    ) throws(CheckpointError) {
        let view =
            switch names {
            case .diffusers:
                LayoutView(
                    model.checkpoint,
                    in: model.layout,
                    as: .diffusers,
                    network: Self.network(of: model, nearest: nearest),
                    part: model.part,
                    counters: model.counters
                )
            case .stored: LayoutView(model.checkpoint)
            }
        let digests = try ContentDigest.all(of: view, as: dtype, threads: threads, progress: progress)
        self.init(
            names: view.layout == nil ? .stored : .diffusers,
            entries: zip(view.tensors, digests).map { tensor, digest in
                let own = tensor.descriptor
                let isCast = own.dtype.isWeightFormat && dtype?.isWeightFormat == true
                return Entry(
                    digest: digest,
                    dtype: isCast ? dtype ?? own.dtype : own.dtype,
                    shape: own.shape,
                    name: Self.escape(own.name)
                )
            }
        )
    }

    /// The network under whose names a checkpoint's tensors are listed, or nil where they keep their own.
    ///
    /// Tensors in another layout that are not exactly a known network's are not renamed after the nearest: their digest would
    /// change when a nearer one becomes known.
    private static func network(of model: OpenedModel, nearest: Bool) -> NetworkDescription? {
        model.network ?? (nearest || model.layout == .diffusers ? model.nearestNetwork : nil)
    }

    static let title = "# dcae manifest 1"
    static let namesField = "# names "
    static let contentField = "# content sha256:"

    /// The whole text.
    package var text: String {
        var text = "\(Self.title)\n\(Self.namesField)\(names.rawValue)\n\(Self.contentField)\(content)\n"
        for entry in entries { text += entry.line + "\n" }
        return text
    }

    /// A name on one line, printable, and so that no two names become one: a backslash doubled, what a terminal would obey as
    /// `\u{…}`.
    package static func escape(_ name: String) -> String {
        guard name.utf8.contains(UInt8(ascii: "\\")) else { return name.escaped(limit: .max) }
        var doubled = ""
        for scalar in name.unicodeScalars {
            // One by one: appending a list copies the whole text.
            doubled.unicodeScalars.append(scalar)
            if scalar == "\\" { doubled.unicodeScalars.append(scalar) }
        }
        return doubled.escaped(limit: .max)
    }
}
