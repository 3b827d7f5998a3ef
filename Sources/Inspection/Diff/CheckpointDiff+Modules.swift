internal import CheckpointIO
internal import TensorCore

/// How much of a part of the network differs.
package struct ModuleDifference: Sendable {
    /// `encoder`, `encoder.stages.3`, `decoder.conv_out`.
    package let name: String
    /// 1 for the encoder and the decoder, 2 for what lies in them.
    package let depth: Int
    /// The tensors of both sides that lie in it.
    package private(set) var tensorCount = 0
    /// Those that are not the same.
    package private(set) var differingCount = 0
    /// Those that differ, by how they do.
    package private(set) var counts: [TensorComparison.Relation: Int] = [:]
    /// The values of the tensors that differ in value, taken together; nil where there are none.
    package private(set) var values: ValueDifference?

    init(name: String, depth: Int) {
        self.name = name
        self.depth = depth
    }

    mutating func add(_ tensor: TensorComparison, _ tolerance: Tolerance?) {
        tensorCount += 1
        guard !tensor.isSame(within: tolerance) else { return }
        differingCount += 1
        counts[tensor.relation, default: 0] += 1
        if let found = tensor.values {
            var sum = values ?? ValueDifference()
            sum += found
            values = sum
        }
    }
}

extension CheckpointDiff {
    /// The parts of the network, each followed by those that lie in it, the encoder's and the decoder's in module order.
    package var modules: [ModuleDifference] {
        var order: [String] = []
        var tops: [String: ModuleDifference] = [:]
        var parts: [String: [ModuleDifference]] = [:]
        var positions: [UTF8Name: (String, Int)] = [:]
        for tensor in tensors {
            let path = ModulePath.parts(of: tensor.name, isKnown: layout != nil)
            let top = path[0]
            if tops[top] == nil {
                order.append(top)
                tops[top] = ModuleDifference(name: top, depth: 1)
            }
            tops[top]?.add(tensor, tolerance)
            guard path.count > 1 else { continue }
            let key = UTF8Name(path[1])
            let place = positions[key] ?? (top, parts[top]?.count ?? 0)
            if positions[key] == nil {
                positions[key] = place
                parts[top, default: []].append(ModuleDifference(name: path[1], depth: 2))
            }
            parts[top]?[place.1].add(tensor, tolerance)
        }
        return order.flatMap { top in
            (tops[top].map { [$0] } ?? [])
                + (parts[top] ?? []).sorted { ModulePath.place(of: $0.name) < ModulePath.place(of: $1.name) }
        }
    }
}
