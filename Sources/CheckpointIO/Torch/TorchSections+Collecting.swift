internal import TensorCore

/// Takes the tensors out of a dict, under their names.
extension TorchSections {
    /// A dict on the way to tensors: the one that it lies in, by number, and its name there.
    private struct Trail {
        let parent: Int?
        let name: String
        let depth: Int
    }

    /// Takes the tensors of a dict, and with `children` those of the dicts in it, their names joined by dots.
    mutating func collect(_ list: UInt32, children: Bool) throws(CheckpointError) {
        var names: Set<UTF8Name> = []
        // Whole names are made for tensors alone, and charged before that: one prefix may be shared by a million dicts.
        var trails: [Trail] = []
        var waiting: [(list: UInt32, trail: Int?)] = [(list, nil)]
        while let (list, trail) = waiting.popLast() {
            let depth = trail.map { trails[$0].depth } ?? 0
            try charge(1 + heap.lists[Int(list)].count / 2, .visits)
            guard depth <= Self.depthLimit else {
                throw CheckpointError(path, .file, TorchFault.tooManyPaths(limit: PickleHeap.tensorLimit))
            }
            try checkKeys(of: list)
            var below: [(list: UInt32, trail: Int?)] = []
            for (name, value) in try members(of: list) {
                if trail == nil, children, try isNeverWeights(name, heap[value].entries) { continue }
                if case .unreadable(let reason) = heap[value] {
                    let full = try fullName(name, trail, trails)
                    throw CheckpointError(path, .tensor(full), TorchFault.unreadable(reason))
                }
                if case .tensor(let tensor) = heap[value] {
                    let full = try fullName(name, trail, trails)
                    guard weights.count < PickleHeap.tensorLimit else {
                        throw CheckpointError(path, .file, TorchFault.tooManyPaths(limit: PickleHeap.tensorLimit))
                    }
                    guard names.insert(UTF8Name(full)).inserted else {
                        throw CheckpointError(path, .tensor(full), TorchFault.nameTwice)
                    }
                    weights.append((full, Int(tensor)))
                } else if children, let child = heap[value].entries, holders.contains(child) {
                    trails.append(Trail(parent: trail, name: name, depth: depth + 1))
                    below.append((child, trails.count - 1))
                }
            }
            waiting += below.reversed()
        }
    }

    private mutating func fullName(
        _ name: String,
        _ trail: Int?,
        _ trails: [Trail]
    ) throws(CheckpointError) -> String {
        var parts = [name]
        var length = name.utf8.count
        var next = trail
        while let number = next {
            parts.append(trails[number].name)
            length += trails[number].name.utf8.count + 1
            next = trails[number].parent
        }
        try charge(length, .nameBytes)
        return parts.reversed().joined(separator: ".")
    }

    /// Every tensor has a name: none is left out in silence.
    private func checkKeys(of list: UInt32) throws(CheckpointError) {
        let items = heap.lists[Int(list)]
        for index in stride(from: 0, to: items.count, by: 2) where !isName(items[index]) {
            switch heap[items[index + 1]] {
            case .tensor, .unreadable:
                var kind = heap[items[index]].kind
                if case .string = heap[items[index]] { kind += " of more than \(Self.nameLimit) bytes" }
                throw CheckpointError(path, .file, TorchFault.keyNotName(kind: kind))
            default: continue
            }
        }
    }
}
