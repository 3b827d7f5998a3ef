internal import CheckpointIO
internal import ModelZoo
package import StrictJSON
internal import TensorCore

extension CheckpointDiff {
    /// Everything that was found, with stable names. A number that is not finite is null.
    package var document: JSONValue {
        [
            "verdict": isSame ? "same" : "different",
            "answer": JSONValue(answer),
            "a": Self.document(a),
            "b": Self.document(b),
            "layout": JSONValue(layout?.rawValue),
            "tolerance": tolerance.map { ["rtol": .double($0.relative), "atol": .double($0.absolute)] } ?? .null,
            "counts": .object(
                TensorComparison.Relation.allCases.map { relation in
                    .init(relation.rawValue, .integer(tensors.count { $0.relation == relation }))
                } + [.init("ignored", .integer(ignoredCount))]
            ),
            "modules": .array(modules.map(Self.document)),
            "tensors": .array(tensors.map(document)),
            "config": config.map(Self.document) ?? .null,
            "metadata": .array(
                metadata.map { ["key": .string($0.key), "a": $0.a ?? .null, "b": $0.b ?? .null] }
            ),
        ]
    }

    private static func document(_ side: Side) -> JSONValue {
        [
            "path": .string(side.path), "format": .string(side.format.rawValue),
            "layout": JSONValue(side.layout?.rawValue), "dtypes": JSONValue(side.dtypes.map(\.rawValue)),
            "tensor_count": .integer(side.tensorCount), "bytes": .integer(side.byteCount),
        ]
    }

    private static func document(_ module: ModuleDifference) -> JSONValue {
        [
            "name": .string(module.name), "depth": .integer(module.depth),
            "tensor_count": .integer(module.tensorCount), "differing_count": .integer(module.differingCount),
            "difference": module.values?.document ?? .null,
        ]
    }

    private func document(_ tensor: TensorComparison) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("name", .string(tensor.name)), .init("relation", .string(tensor.relation.rawValue)),
            .init("verdict", tensor.isSame(within: tolerance) ? "same" : "different"),
        ]
        for (key, side) in [("a", tensor.a), ("b", tensor.b)] {
            let value: JSONValue =
                side.map {
                    [
                        "name": .string($0.name), "dtype": .string($0.dtype.rawValue),
                        "shape": JSONValue($0.shape.dimensions),
                    ]
                } ?? .null
            members.append(.init(key, value))
        }
        guard tensor.relation != .identical else { return .object(members) }
        members.append(.init("same_bytes", .bool(tensor.hasSameBytes)))
        members.append(.init("difference", tensor.values?.document ?? .null))
        members.append(.init("first_index", tensor.firstIndex.map { JSONValue($0) } ?? .null))
        if let casts = tensor.casts {
            members.append(.init("b_is_a_rounded", .bool(casts.aGivesB)))
            members.append(.init("a_is_b_rounded", .bool(casts.bGivesA)))
        }
        return .object(members)
    }

    private static func document(_ config: ConfigComparison) -> JSONValue {
        config.document
    }
}

extension ConfigComparison {
    /// What lies beside each side, and the fields that differ.
    package var document: JSONValue {
        [
            "verdict": isDifferent ? "different" : isCompared ? "same" : "not_compared",
            "a": Self.document(a), "b": Self.document(b),
            "fields": .array(
                fields.map { ["name": .string($0.name), "a": $0.a ?? .null, "b": $0.b ?? .null] }
            ),
        ]
    }

    private static func document(_ side: Side) -> JSONValue {
        switch side {
        case .none: .null
        case .unusable(let reason): ["error": .string(reason)]
        case .unknownModel(let name): ["model_name": .string(name), "known": false]
        case .known(_, let name): ["model_name": JSONValue(name), "known": true]
        }
    }
}

extension ValueDifference {
    /// The numbers by name.
    package var document: JSONValue {
        [
            "value_count": .integer(count), "differing_count": .integer(differingCount),
            "nan_mismatches": .integer(nanMismatchCount), "infinity_mismatches": .integer(infinityMismatchCount),
            "outside_tolerance": .integer(outsideCount), "max_abs": .double(largest), "rms": .double(rms),
            "relative_rms": .double(relativeRMS), "rms_a": .double(rmsOfA), "rms_b": .double(rmsOfB),
            "cosine": JSONValue(cosine),
            "max_ulp": ulps.map { Int(exactly: $0).map { .integer($0) } ?? .unsigned($0) } ?? .null,
        ]
    }
}
