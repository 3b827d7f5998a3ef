internal import CheckpointIO
internal import ModelZoo
internal import Models
internal import TensorCore

/// Which tensors a comparison is about, by patterns of their names in either layout.
package struct TensorSelection: Sendable {
    /// Only these; empty for all.
    package let only: [Glob]
    /// Not these, whatever else is said.
    package let ignored: [Glob]

    package init(only: [Glob] = [], ignored: [Glob] = []) {
        self.only = only
        self.ignored = ignored
    }

    func includes(_ names: [String]) -> Bool {
        (only.isEmpty || names.contains(where: only.match)) && !names.contains(where: ignored.match)
    }
}

/// The tensors of two views, matched by name.
struct TensorMatching: Sendable {
    private(set) var pairs: [(a: ViewedTensor, b: ViewedTensor)] = []
    private(set) var onlyInA: [ViewedTensor] = []
    private(set) var onlyInB: [ViewedTensor] = []
    /// The tensors that the selection leaves out.
    private(set) var ignoredCount = 0

    init(_ a: LayoutView, _ b: LayoutView, _ selection: TensorSelection) {
        let names = OtherNames([a.network, b.network], layout: a.layout)
        func isSelected(_ tensor: ViewedTensor) -> Bool {
            selection.includes([tensor.descriptor.name] + names.of(tensor.descriptor.name))
        }
        // Of two of the same name, as a hostile file can have them in a view, the second is left over.
        var left: [UTF8Name: Int] = [:]
        for (index, tensor) in b.tensors.enumerated() where left[UTF8Name(tensor.descriptor.name)] == nil {
            left[UTF8Name(tensor.descriptor.name)] = index
        }
        var isTaken = [Bool](repeating: false, count: b.tensors.count)
        for tensor in a.tensors {
            let match = left.removeValue(forKey: UTF8Name(tensor.descriptor.name))
            if let match { isTaken[match] = true }
            guard isSelected(tensor) else {
                ignoredCount += 1
                continue
            }
            if let match {
                pairs.append((tensor, b.tensors[match]))
            } else {
                onlyInA.append(tensor)
            }
        }
        for (tensor, isTaken) in zip(b.tensors, isTaken) where !isTaken {
            if isSelected(tensor) { onlyInB.append(tensor) } else { ignoredCount += 1 }
        }
    }
}

/// The names that the parameter of a tensor has in the original and the diffusers layout.
private struct OtherNames {
    private var names: [String: [String]] = [:]

    init(_ networks: [NetworkDescription?], layout: Layout?) {
        guard let layout else { return }
        for parameter in networks.compactMap(\.self).flatMap(\.parameters) {
            let own = layout.tensors(of: parameter).map(\.name)
            let others = [Layout.original, .diffusers].filter { $0 != layout }
                .flatMap { $0.tensors(of: parameter).map(\.name) }
            for name in own { names[name] = others.filter { $0 != name } }
        }
    }

    func of(_ name: String) -> [String] { names[name] ?? [] }
}
