package import CheckpointIO
internal import ModelZoo
package import Models
package import StrictJSON
package import TensorCore

/// What the headers of a checkpoint say.
package struct CheckpointSummary: Sendable {
    /// The tensors of a module, taken together.
    package struct Module: Sendable {
        package let name: String
        package let tensors: Int
        package let elements: Int
        package let bytes: Int
    }

    /// The tensors of a dtype, taken together.
    package struct TypeCount: Sendable {
        package let dtype: DType
        package let tensors: Int
        package let bytes: Int
    }

    package let checkpoint: Checkpoint
    package let model: OpenedModel
    /// By name.
    package let modules: [Module]
    /// Widest first.
    package let dtypes: [TypeCount]

    /// The elements of all tensors.
    package var elementCount: Int { modules.reduce(0) { $0 + $1.elements } }

    package init(_ model: OpenedModel) {
        self.model = model
        // The whole file, where a network is only a part of it.
        checkpoint = model.rest.isEmpty ? model.checkpoint : model.file
        var modules: [String: (tensors: Int, elements: Int, bytes: Int)] = [:]
        var dtypes: [DType: (tensors: Int, bytes: Int)] = [:]
        for tensor in checkpoint.tensors {
            let name = Self.module(of: tensor.descriptor.name, isKnown: model.layout != nil)
            let elements = tensor.descriptor.shape.elementCount ?? 0
            let sum = modules[name] ?? (0, 0, 0)
            modules[name] = (sum.tensors + 1, sum.elements + elements, sum.bytes + tensor.byteCount)
            let count = dtypes[tensor.descriptor.dtype] ?? (0, 0)
            dtypes[tensor.descriptor.dtype] = (count.tensors + 1, count.bytes + tensor.byteCount)
        }
        self.modules = modules.map { Module(name: $0, tensors: $1.tensors, elements: $1.elements, bytes: $1.bytes) }
            .sorted { $0.name < $1.name }
        self.dtypes = dtypes.map { TypeCount(dtype: $0, tensors: $1.tensors, bytes: $1.bytes) }
            .sorted { $0.dtype > $1.dtype }
    }

    /// The module that a tensor is counted under: `encoder.stages.3`, or the first part of a name that is unknown.
    private static func module(of name: String, isKnown: Bool) -> String {
        // By bytes: a name may be long, and characters are found slowly.
        let parts = name.utf8.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
            .map { Substring($0) }
        guard isKnown, parts.count > 3, parts[1].hasSuffix("s") else {
            return parts.prefix(isKnown ? 2 : 1).joined(separator: ".")
        }
        return parts.prefix(3).joined(separator: ".")
    }

    /// The members of the document for `--json`.
    package var members: [JSONValue.Member] {
        [
            .init("path", .string(checkpoint.path)),
            .init("format", .string(checkpoint.format.rawValue)),
            .init("compressed", .bool(checkpoint.isCompressed)),
            .init(
                "files",
                .array(checkpoint.files.map { ["path": .string($0.path), "bytes": .integer($0.size)] })
            ),
            .init("index", JSONValue(checkpoint.indexPath)),
            .init("pipeline", model.pipeline?.document ?? .null),
            .init("layout", JSONValue(model.layout?.rawValue)),
            .init("other_model", JSONValue(model.otherModel?.text)),
            .init("variants", JSONValue(model.structural.map(\.name))),
            .init("scaling_factor", JSONValue(model.config?.scalingFactor)),
            .init("mismatch", JSONValue(model.mismatch)),
            .init("tensor_count", .integer(checkpoint.tensors.count)),
            .init("value_count", .integer(elementCount)),
            .init("bytes", .integer(checkpoint.byteCount)),
            .init(
                "dtypes",
                .array(
                    dtypes.map {
                        [
                            "dtype": .string($0.dtype.rawValue), "tensor_count": .integer($0.tensors),
                            "bytes": .integer($0.bytes),
                        ]
                    }
                )
            ),
            .init("metadata", .object(checkpoint.metadata)),
            .init(
                "modules",
                .array(
                    modules.map {
                        [
                            "name": .string($0.name), "tensor_count": .integer($0.tensors),
                            "value_count": .integer($0.elements), "bytes": .integer($0.bytes),
                        ]
                    }
                )
            ),
        ]
    }
}
