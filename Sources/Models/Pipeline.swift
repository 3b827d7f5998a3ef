internal import CheckpointIO
internal import Files
internal import ModelZoo
package import StrictJSON
internal import TensorCore

/// A whole pipeline of diffusers: a folder with a model_index.json, of which the autoencoder is one part.
package struct Pipeline: Sendable, Equatable {
    /// The path of its folder.
    package let path: String
    /// What it is, as `SanaPipeline`; nil where its model_index.json does not say it.
    package let className: String?
    /// The folder of its autoencoder, as `vae`; nil where it names none.
    package let folder: String?
    /// The class of that, as `AutoencoderDC`; nil where it does not say it.
    package let autoencoder: String?

    /// The name of the file that makes a folder a pipeline.
    package static let indexName = "model_index.json"
    private static let dcae = "AutoencoderDC"

    /// What it is, as a sentence that goes on.
    var title: String { "this is a pipeline" + (className.map { ", \($0.escaped(limit: 60))" } ?? "") }

    /// Whether its autoencoder is known to be none of those that this program runs.
    package var isOther: Bool { autoencoder.map { $0 != Self.dcae } ?? (folder == nil && className != nil) }

    /// Reads the pipeline that a folder is; nil where it is none.
    ///
    /// - Throws: a model_index.json that cannot be read or is no object.
    init?(at path: String) throws(CheckpointError) {
        let index = ModelFolder.join(path, Self.indexName)
        guard Self.holds(path, Self.indexName) else { return nil }
        let bytes = try InputFile(opening: index).contents(limit: Registry.fileLimit)
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONReader.read(bytes)
        } catch {
            throw CheckpointError(index, .byte(error.offset), ConfigFault.json(error.message))
        }
        guard let members = value.members else {
            throw CheckpointError(index, .file, ConfigFault.notObject(found: value.kind))
        }
        self.path = path
        className = value["_class_name"]?.string
        // A part is named with its library and its class; one that was left out has null for both.
        let parts = members.compactMap { member -> (folder: String, type: String)? in
            guard let type = member.value.array?.last?.string, member.value.array?.count == 2, Path.isName(member.key)
            else { return nil }
            return (member.key, type)
        }
        let chosen =
            parts.first { $0.type == Self.dcae } ?? parts.first { $0.folder == "vae" }
            ?? parts.first { $0.type.hasPrefix("Autoencoder") || $0.type.hasPrefix("VQ") }
        if let chosen {
            (folder, autoencoder) = (chosen.folder, chosen.type)
        } else {
            folder = ModelFolder.isFolder(ModelFolder.join(path, "vae")) ? "vae" : nil
            autoencoder = nil
        }
    }

    private static func holds(_ folder: String, _ name: String) -> Bool {
        guard ModelFolder.isFolder(folder) else { return false }
        return (try? ModelFolder.fileNames(in: folder).contains(name)) ?? false
    }

    /// Opens the weights of its autoencoder, known by the path of the pipeline.
    func open(_ options: OpenOptions) throws(CheckpointError) -> Checkpoint {
        guard let folder else { throw CheckpointError(path, .file, ModelFault.pipeline(self)) }
        let place = ModelFolder.join(path, folder)
        let weights: String
        do throws(CheckpointError) {
            weights = try ModelFolder.weights(at: place)
            guard !Path.isSame(weights, place) else { throw CheckpointError(path, .file, FileFault.noCheckpoint) }
        } catch {
            guard error.fault.kind == .noCheckpoint else { throw error }
            throw CheckpointError(path, .file, isOther ? ModelFault.pipeline(self) : .pipelineWithout(self))
        }
        let file = try InputFile(opening: weights)
        return try Checkpoint.open(file, try FileKind.of(file), path: path, options: options)
    }

    /// What is said of it where its autoencoder is taken.
    var note: String {
        "\(title): its autoencoder was taken, in \((folder ?? "").escaped(limit: 60))/"
    }

    /// What is said where its autoencoder is a DC-AE, and its index calls it something else.
    var contradiction: String {
        let name = autoencoder.map { "\(Self.article($0)) \($0.escaped(limit: 60))" } ?? "no autoencoder of it"
        return "\(Self.indexName) says that it is \(name), but its tensors are those of a DC-AE"
    }

    /// What is said where its index calls its autoencoder a DC-AE, and its tensors are those of something else.
    func contradiction(by other: ForeignModel) -> String {
        let name = autoencoder.map { "\(Self.article($0)) \($0.escaped(limit: 60))" } ?? "a DC-AE"
        return "\(Self.indexName) says that it is \(name), but this is \(other.text)"
    }

    /// What it is and which autoencoder it has, for people.
    package var summary: String {
        let name = className.map { $0.escaped(limit: 60) + ", " } ?? ""
        guard let folder else { return "\(name)which has no autoencoder" }
        let type =
            autoencoder.map { "\(Self.article($0)) \($0.escaped(limit: 60))" } ?? "of a class that it does not say"
        return "\(name)whose autoencoder, in \(folder.escaped(limit: 60))/, is \(type)" + (isOther ? ", no DC-AE" : "")
    }

    private static func article(_ name: String) -> String {
        name.first.map { "AEIO".contains($0) } == true ? "an" : "a"
    }

    /// The members of the document for `--json`.
    package var document: JSONValue {
        [
            "class": JSONValue(className), "autoencoder": JSONValue(autoencoder), "folder": JSONValue(folder),
            "is_dc_ae": .bool(!isOther),
        ]
    }
}
