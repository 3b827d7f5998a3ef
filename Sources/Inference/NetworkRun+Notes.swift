internal import CheckpointIO
internal import DCAENetwork
internal import Images
internal import ModelZoo
internal import TensorCore

extension NetworkRun {
    /// What is read of a file before the network sees it.
    struct Input: Sendable {
        let tensor: FloatTensor
        var image: ImageLoader.Image?
        /// What the file of a latent says of it.
        var note: LatentNote?
        /// How a latent was brought back without being asked for.
        var broughtBack: LatentNormalization?
    }

    /// A latent as the decoder takes it: brought back where the user asks for it or its file says that it is scaled.
    func broughtBack(_ content: TensorFile.Content, _ path: String) throws(CheckpointError) -> Input {
        var latent = content.tensor
        let inverse: LatentNormalization?
        do throws(InferenceFault) {
            inverse = try LatentNote.inverse(content.note, asked: scaling, channels: latent.channels)
        } catch {
            throw CheckpointError(path, .file, error)
        }
        if let inverse { latent.denormalize(by: inverse) }
        return Input(tensor: latent, note: content.note, broughtBack: scaling == nil ? inverse : nil)
    }

    /// What is noted of the pictures of an input, one for each latent of its batch.
    func noted(_ input: Input) -> [LatentNote.Picture?] {
        guard case .encode(let loader, _) = work else { return [] }
        return Array(repeating: input.image.flatMap { LatentNote.Picture($0, loader) }, count: input.tensor.batch)
    }

    /// What is written into the file of latents; nothing of samples.
    func metadata(_ pictures: [LatentNote.Picture?]) -> [(key: String, value: String)] {
        guard case .encode(_, let channels) = work else { return [] }
        var note = LatentNote(of: model, scaling?.first(channels ?? model.network.config.latentChannels))
        note.pictures = pictures
        return note.metadata
    }

    /// What was decided about an input, a line each.
    func notes(_ input: Input, _ result: FloatTensor) -> [String] {
        guard case .decode = work else { return [] }
        var notes: [String] = []
        if let normalization = input.broughtBack {
            let figures = normalization.figures.map { ", with \($0)" } ?? ""
            notes.append("its metadata says that it is scaled: latent = \(normalization.inverseFormula)\(figures)")
        }
        let all = model.network.config.latentChannels
        if input.tensor.channels < all {
            notes.append(
                input.note?.channels == all
                    ? "it has only the first \(input.tensor.channels) of \(all) channels"
                    : "it has \(input.tensor.channels) channels; they are used as the first of \(all)"
            )
        }
        if target.kind == .png, input.note?.content(0, width: result.width, height: result.height) != nil {
            notes.append("its padding is cropped off; in .safetensors or .npy it would stay")
        }
        return notes
    }
}

extension LatentNote.Picture {
    /// What is noted of a picture; nil for a tensor.
    fileprivate init?(_ image: ImageLoader.Image, _ loader: ImageLoader) {
        guard let fitted = image.picture, let size = image.size else { return nil }
        let area = fitted.content
        self.init(
            size: [size.width, size.height],
            networkSize: [fitted.picture.width, fitted.picture.height],
            content: [area.x, area.y, area.width, area.height],
            fit: loader.side == nil ? loader.fit.rawValue : "square"
        )
    }
}
