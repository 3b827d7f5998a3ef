internal import CheckpointIO
internal import CheckpointNetwork
public import DCAENetwork
public import ModelZoo
internal import Models

extension AutoencoderDC {
    /// Opens a model folder: weights of any format and layout, in one file or in shards.
    ///
    /// ```swift
    /// let model = try AutoencoderDC(pretrained: "dc-ae-f32c32-sana-1.0-diffusers")
    /// let ratio = model.spatialCompressionRatio                    // F: 8, 32, 64 or 128
    ///
    /// // An image: [1, 3, H, W], planes of red, green and blue in -1...1, H and W multiples of F.
    /// let gradient = (0..<(3 * 4 * ratio * ratio)).map { 2 * Float($0 % ratio) / Float(ratio) - 1 }
    /// let image = try FloatTensor(batch: 1, channels: 3, height: 2 * ratio, width: 2 * ratio, values: gradient)
    ///
    /// let latent = try model.encode(image)                         // [1, C, 2, 2], of about 1 / scalingFactor RMS
    /// let sample = try model.decode(latent)                        // [1, 3, H, W], nominally in -1...1
    ///
    /// // What a diffusion model is trained on, if the checkpoint has a scaling factor.
    /// let scaled = model.config.scalingFactor.map { factor in latent.values.map { $0 * Float(factor) } }
    ///
    /// // An approximation for large images, as in diffusers; without tiles they are exact and take more memory.
    /// let tiles = Tiling(tileSampleMinHeight: 8 * ratio, tileSampleMinWidth: 8 * ratio,
    ///                    tileSampleStrideHeight: 6 * ratio, tileSampleStrideWidth: 6 * ratio)
    /// let tiled = try model.decode(latent, tiling: tiles)
    /// ```
    ///
    /// The configuration comes from the `config.json` in the folder, or from the published variant that has these tensors.
    /// Opening reads only headers; weights are mapped, and read when their layer runs. If the files can be two variants
    /// that differ only in the scaling factor (`in` and `mix`), the network runs and `config.scalingFactor` is nil.
    ///
    /// - Parameters:
    ///   - folder: the folder, or a file in it.
    ///   - options: the number of threads and other choices.
    ///   - registry: the known variants; nil for the built-in ones.
    /// - Throws: `CheckpointError` for files that cannot be read, are not a DC-AE or lack tensors, and
    ///   `NetworkError.configuration` for a configuration that does not describe a network.
    public convenience init(pretrained folder: String, options: Options = Options(), registry: Registry? = nil) throws {
        try self.init(try OpenedModel(folder, registry: try registry ?? Registry()), options: options)
    }

    /// Opens one checkpoint file of any format and layout.
    ///
    /// - Parameters:
    ///   - file: the file: safetensors or PyTorch, compressed with zstd or not, or the index of shards.
    ///   - config: the path of a diffusers `config.json`, for models that are not a published variant; nil to find out.
    ///   - options: the number of threads and other choices.
    ///   - registry: the known variants; nil for the built-in ones.
    /// - Throws: as `init(pretrained:options:registry:)`.
    public convenience init(
        singleFile file: String,
        config: String? = nil,
        options: Options = Options(),
        registry: Registry? = nil
    ) throws {
        var hints = ModelHints()
        if let config { hints.config = try AutoencoderDCConfig.read(file: config) }
        try self.init(try OpenedModel(file, hints, registry: try registry ?? Registry()), options: options)
    }
}
