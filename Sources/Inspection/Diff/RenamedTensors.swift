internal import CheckpointIO
internal import Models
internal import TensorCore

/// Finds tensors that have the same content on both sides under different names.
enum RenamedTensors {
    private struct Kind: Hashable {
        let dtype: DType
        let shape: Shape
    }

    /// Pairs of positions in both lists. Each tensor that has a counterpart of its dtype and shape is read once and no other;
    /// of several with the same content, the first of each side belong together.
    static func find(
        _ onlyInA: [ViewedTensor],
        in a: LayoutView,
        _ onlyInB: [ViewedTensor],
        in b: LayoutView,
        threads: Int
    ) throws(CheckpointError) -> [(a: Int, b: Int)] {
        func kind(_ tensor: ViewedTensor) -> Kind {
            Kind(dtype: tensor.descriptor.dtype, shape: tensor.descriptor.shape)
        }
        let kinds = Set(onlyInA.map(kind)).intersection(onlyInB.map(kind))
        let left = onlyInA.indices.filter { kinds.contains(kind(onlyInA[$0])) }
        let right = onlyInB.indices.filter { kinds.contains(kind(onlyInB[$0])) }
        guard !left.isEmpty else { return [] }
        let digests = try Workers.map(Array(0..<(left.count + right.count)), threads: threads) {
            index throws(CheckpointError) in
            index < left.count
                ? try ContentDigest.of(onlyInA[left[index]], in: a)
                : try ContentDigest.of(onlyInB[right[index - left.count]], in: b)
        }
        struct Key: Hashable {
            let kind: Kind
            let digest: SHA256Digest
        }
        var candidates: [Key: [Int]] = [:]
        for (position, index) in right.enumerated().reversed() {
            candidates[Key(kind: kind(onlyInB[index]), digest: digests[left.count + position]), default: []].append(
                index
            )
        }
        var found: [(a: Int, b: Int)] = []
        for (position, index) in left.enumerated() {
            let key = Key(kind: kind(onlyInA[index]), digest: digests[position])
            if let match = candidates[key]?.popLast() { found.append((index, match)) }
        }
        return found
    }
}
