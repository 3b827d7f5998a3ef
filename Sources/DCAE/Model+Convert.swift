internal import CheckpointIO
package import Conversion
internal import Files
public import ModelZoo
package import Models
public import TensorCore

/// A format that weights can be converted to.
public enum WeightFormat: String, Sendable, CaseIterable {
    /// Single precision, F32.
    case fp32
    /// Half precision, F16: up to 65504.
    case fp16
    /// BF16: the range of single precision with 8 bits of precision.
    case bf16
    /// float8_e4m3fn: up to 448; every value is rounded once, without scales.
    case fp8E4M3 = "fp8-e4m3"

    /// The element type in files.
    public var dtype: DType {
        switch self {
        case .fp32: .f32
        case .fp16: .f16
        case .bf16: .bf16
        case .fp8E4M3: .f8E4M3
        }
    }
}

extension Model {
    /// How to write the output of a conversion.
    public struct Target: Sendable, Equatable {
        /// What the check at the end of a conversion compares.
        public enum Check: String, Sendable, CaseIterable {
            /// Names, shapes and dtypes of the output, and that every byte maps back to its place.
            case structure
            /// Also the content, byte by byte.
            case content
        }

        /// The layout of names and tensors.
        public var layout = Layout.diffusers
        /// The format of the weights; nil to keep what is stored.
        public var format: WeightFormat?
        /// The largest number of tensor bytes in one file; nil for one file.
        public var maxShardSize: Int?
        /// The level of zstd for the weight files, 1 to 22; nil for no compression.
        public var compressionLevel: Int?
        /// Whether finite values that the format cannot hold may become infinite, or NaN in fp8.
        public var allowsInfinite = false
        /// What the check compares.
        public var check = Check.content
        /// Whether to replace files that exist.
        public var overwrite = false
        /// Whether data is flushed to disk, so that a loss of power does not leave empty files.
        public var waitsForDisk = true

        /// A folder in the layout of diffusers, with weights of the stored dtype.
        public init() {}

        /// A folder in another layout, or with weights of another format.
        public init(layout: Layout, format: WeightFormat? = nil) {
            self.layout = layout
            self.format = format
        }

        /// The same as the modules below have it.
        func options(for output: String) throws(CheckpointError) -> ConversionOptions {
            if let compressionLevel, !(1...22).contains(compressionLevel) {
                throw CheckpointError(output, .file, LibraryFault.number(expected: "a level of zstd from 1 to 22"))
            }
            if let maxShardSize, maxShardSize < 1 {
                throw CheckpointError(.maxShardSize, LibraryFault.number(expected: "1 or more bytes"))
            }
            var options = ConversionOptions()
            options.target = layout
            options.dtype = format?.dtype
            options.maxShardSize = maxShardSize
            options.compression = compressionLevel
            options.allowsInfinite = allowsInfinite
            options.output = ConversionOptions.Output(path: output, isCompressed: compressionLevel != nil)
            return options
        }
    }

    /// What a conversion did.
    public struct ConversionResult: Sendable {
        /// What a cast lost in a tensor.
        public struct Loss: Sendable, Equatable {
            /// The tensor's name in the output.
            public let tensor: String
            /// How many values became infinite or zero.
            public let report: CastReport
        }

        /// The folder or file that was written.
        public let output: String
        /// The names of the files in it: weights, then index and config.json.
        public let files: [String]
        /// The layout of the source.
        public let sourceLayout: Layout
        /// The layout of the output.
        public let layout: Layout
        /// The variant; nil if a configuration describes the network.
        public let variant: Variant?
        /// The scaling factor in config.json; nil if none is known.
        public let scalingFactor: Double?
        /// What casts lost, in module order; tensors that lost nothing are left out.
        public let losses: [Loss]
        /// How many tensors were compared with the source.
        public let checkedTensors: Int
        /// How many of their bytes were compared; 0 if only the structure was checked.
        public let checkedBytes: Int
        /// Why the model was identified as this, one line each.
        public let reasons: [String]
        /// What was decided during the conversion, one line each.
        public let notes: [String]
        /// What is odd about the model, one line each; show these to the user.
        public let warnings: [String]
    }

    /// Converts the model to another layout or format, and checks the result: before the output takes its name it is opened
    /// again, mapped back to the source's layout and compared with the source.
    ///
    /// Nothing appears under its final name before that. If the conversion fails or its task is cancelled, no files are left.
    ///
    /// - Parameters:
    ///   - output: the folder to write, with config.json and weights; or one file, whose name ends in `.safetensors`, or in
    ///     `.zst` if it is compressed.
    ///   - target: how to write the output.
    ///   - progress: called with the bytes that were written, then with the bytes that were checked.
    /// - Returns: what was done. Losses of a cast are not errors, but values that would become infinite are, unless
    ///   `allowsInfinite`.
    /// - Throws: `CheckpointError` if the network or its scaling factor is unknown, if the output exists, if a value would become
    ///   infinite, or if the disk is full; `CancellationError`.
    @discardableResult
    public func convert(
        to output: String,
        _ target: Target = Target(),
        progress: ProgressHandler? = nil
    ) async throws -> ConversionResult {
        try await Background.run { mark in
            try OutputTarget.checkName(output)
            let options = try target.options(for: output)
            let counting = ProgressCount(.reading, of: opened.file.files.first?.size ?? 0, mark, progress)
            let model = try opened.settledByDigest { bytes throws(CheckpointError) in try counting.add(bytes) }
            let plan = try ConversionPlan(model, options)
            let writing = ProgressCount(.writing, of: plan.byteCount, mark, progress)
            let checking = ProgressCount(.checking, of: plan.sourceByteCount, mark, progress)
            let report = try Conversion.run(
                plan,
                into: plan.output.folder(of: output),
                level: target.check == .content ? .content : .structure,
                force: target.overwrite,
                durability: target.waitsForDisk ? .flushed : .fast
            ) { phase, count throws(CheckpointError) in
                try (phase == .writing ? writing : checking).add(count)
            }
            return ConversionResult(plan, report, output: output)
        }
    }
}

extension Model.ConversionResult {
    init(_ plan: ConversionPlan, _ report: Conversion.Report, output: String) {
        self.output = output
        files = plan.names
        sourceLayout = plan.layout
        layout = plan.target
        variant = plan.model.variant
        scalingFactor = plan.model.config?.scalingFactor
        losses = report.losses.map { Loss(tensor: $0.name, report: $0.report) }
        checkedTensors = report.check.tensorCount
        checkedBytes = report.check.byteCount
        reasons = plan.model.reasons
        notes = plan.notes + report.notes
        let shadowing = report.warning(of: output, written: plan.index?.name ?? plan.files[0].name)
        warnings = plan.model.warnings + [shadowing].compactMap { $0 }
    }
}

extension ConversionOptions.Output {
    /// What a path asks for: a file where it ends in `.safetensors` and is no folder, otherwise a folder.
    package init(path: String, isCompressed: Bool) {
        self = .folder
        guard !ModelFolder.isFolder(path), !path.hasSuffix("/") else { return }
        let name = ModelFolder.name(of: path)
        let endings = isCompressed ? [".safetensors", ".safetensors.zst", ".zst"] : [".safetensors"]
        if endings.contains(where: name.hasSuffix) { self = .file(name) }
    }

    /// The folder that is written into.
    package func folder(of path: String) -> String {
        self == .folder ? path : ModelFolder.parent(of: path)
    }
}

extension ConversionPlan {
    /// The bytes of the source that the check reads.
    package var sourceByteCount: Int {
        tensors.reduce(0) { sum, tensor in
            sum + (tensor.descriptor.shape.elementCount ?? 0) * (tensor.sourceDType.byteCount ?? 0)
        }
    }
}

extension OpenedModel {
    /// The same with its digest among the evidence, where nothing else says which of several variants it is: that takes longer
    /// than a conversion.
    package func settledByDigest(
        progress: (@Sendable (Int) throws(CheckpointError) -> Void)? = nil
    ) throws(CheckpointError) -> OpenedModel {
        guard variant == nil, candidates.count > 1 else { return self }
        return adding(try published(progress: progress))
    }
}
