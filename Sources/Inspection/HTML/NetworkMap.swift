internal import Libc
internal import Pages
internal import TensorCore

/// A map of the network: the encoder's stages down the left, the decoder's up the right, a cell for each tensor. A cell has a
/// sign besides its colour, says what it is to whoever cannot see it, and leads to the tensor's row.
struct NetworkMap {
    /// How a cell looks.
    struct Mark: Equatable {
        /// One character, which tells what the colour tells.
        let sign: String
        /// The style's name of the colour: `l0` (nothing to see) to `l7` (most), `lx` (of another kind), `lb` (bad).
        let style: String
    }

    /// Seven steps, equal in the logarithm, from the least to the greatest of the numbers that a page shows: what a page is
    /// about fills the scale, and the legend says what a step is.
    struct Scale {
        private let least: Double
        private let greatest: Double
        private let steps: Int

        /// - Parameter numbers: those that are shown; what is not above 0 or not finite has no place on the scale.
        init(_ numbers: [Double]) {
            let shown = numbers.filter { $0 > 0 && $0.isFinite }
            (least, greatest) = (shown.min() ?? 1, shown.max() ?? 1)
            // Numbers that agree in two digits are one step.
            steps = greatest / least < 1.02 ? 1 : 7
        }

        private func limit(_ step: Int) -> Double {
            least * exp2(log2(greatest / least) * Double(step) / Double(steps))
        }

        func mark(_ number: Double) -> Mark {
            let step = (1..<max(2, steps)).first { number <= limit($0) } ?? steps
            return Self.mark(steps == 1 ? 4 : step)
        }

        private static func mark(_ step: Int) -> Mark { Mark(sign: "\(step)", style: "l\(step)") }

        /// What the steps mean, of a quantity of this name.
        func legend(_ quantity: String) -> [(mark: Mark, words: String)] {
            guard steps > 1 else { return [(Self.mark(4), "\(quantity) \(greatest.brief)")] }
            return (1...steps).map { step in
                (Self.mark(step), "\(step == 1 ? "\(quantity) " : "")\(limit(step - 1).brief) to \(limit(step).brief)")
            }
        }
    }

    /// A tensor.
    struct Cell {
        let name: String
        let mark: Mark
        /// What is said of it in words.
        let words: String
        /// The row that it leads to, or nil.
        let row: String?
    }

    private let cells: [Cell]
    private let isKnown: Bool
    private let legend: [(mark: Mark, words: String)]

    /// - Parameters:
    ///   - cells: in module order.
    ///   - isKnown: whether the names are those of a DC-AE.
    ///   - legend: what the marks mean.
    init(_ cells: [Cell], isKnown: Bool, legend: [(mark: Mark, words: String)]) {
        self.cells = cells
        self.isKnown = isKnown
        self.legend = legend
    }

    /// A stage or a projection, with its cells by block.
    private struct Part {
        let name: String
        var blocks: [(name: String?, cells: [Cell])] = []

        /// Files hold their tensors in any order; a block's are drawn together, by its number.
        mutating func add(_ cell: Cell) {
            let block = ModulePath.block(of: cell.name)
            if let index = blocks.lastIndex(where: { $0.name == block }) {
                blocks[index].cells.append(cell)
            } else {
                let number = block.flatMap { Int($0) } ?? .max
                let place = blocks.firstIndex { $0.name.flatMap { Int($0) } ?? .max > number } ?? blocks.endIndex
                blocks.insert((block, [cell]), at: place)
            }
        }
    }

    /// The most stages that have a row of their own: a hostile file can name more than any network has.
    private static let stageLimit = 30

    var markup: Markup {
        var order: [String] = []
        var parts: [String: (coder: String, part: Part)] = [:]
        for cell in cells {
            let path = ModulePath.parts(of: cell.name, isKnown: isKnown)
            let key = path[path.count - 1]
            if parts[key] == nil {
                order.append(key)
                parts[key] = (path[0], Part(name: key))
            }
            parts[key]?.part.add(cell)
        }
        let all = order.compactMap { parts[$0] }
        let legend = legend.filter { entry in cells.contains { $0.mark == entry.mark } }
        let list = legend.map { entry -> Markup in
            "<li><span class=\"cell \(entry.mark.style)\" aria-hidden=\"true\">\(entry.mark.sign)</span>\(entry.words)</li>"
        }
        let drawing = isKnown ? network(all) : "<div class=\"parts\">\(all.prefix(400).map { draw($0.part) })</div>"
        return "\(drawing)<ul class=\"legend\" aria-label=\"Legend\">\(list)</ul>"
    }

    private func network(_ all: [(coder: String, part: Part)]) -> Markup {
        let stages = Set(all.compactMap { ModulePath.stage(of: $0.part.name) }).sorted()
        let position = Dictionary(uniqueKeysWithValues: stages.enumerated().map { ($1, min($0, Self.stageLimit)) })
        let last = 4 + min(stages.count, Self.stageLimit + 1)
        /// The row of a part: 3 at the image's end, then the stages, then the latent's end.
        func row(_ coder: String, _ part: Part) -> Int {
            if let stage = ModulePath.stage(of: part.name) { return 4 + (position[stage] ?? 0) }
            let isInput = part.name.hasSuffix("_in")
            return isInput == (coder == "encoder") ? 3 : last
        }
        func column(_ coder: String, _ side: Markup, rows: [Int]) -> [Markup] {
            rows.compactMap { number -> Markup? in
                let here = all.filter { $0.coder == coder && row(coder, $0.part) == number }
                guard !here.isEmpty else { return nil }
                return "<div class=\"\(side) r\(number)\">\(here.map { draw($0.part) })</div>\n"
            }
        }
        let others = all.filter { $0.coder != "encoder" && $0.coder != "decoder" }
        return """
            <div class="map">
            <p class="wide r1">image</p>
            <h3 class="title down left r2">Encoder</h3>
            \(column("encoder", "left", rows: Array(3...last)))\
            <p class="wide r\(last + 1)">latent</p>
            <h3 class="title up right r2">Decoder</h3>
            \(column("decoder", "right", rows: Array((3...last).reversed())))\
            <p class="wide end">image</p>
            </div>
            <div class="parts">\(others.prefix(400).map { draw($0.part) })</div>
            """
    }

    private func draw(_ part: Part) -> Markup {
        let blocks = part.blocks.map { block -> Markup in
            let cells = block.cells.map { cell -> Markup in
                let label = "\(cell.name): \(cell.words)"
                return cell.row.map {
                    "<a href=\"#\($0)\" class=\"cell \(cell.mark.style)\" aria-label=\"\(label)\">\(cell.mark.sign)</a>"
                } ?? """
                    <span role="img" class="cell \(cell.mark.style)" title="\(label)" aria-label="\(label)">\
                    \(cell.mark.sign)</span>
                    """
            }
            let label = block.name.map { "block \($0)" } ?? part.name
            return "<div class=\"block\" role=\"group\" aria-label=\"\(label)\">\(cells)</div>"
        }
        let count = part.blocks.reduce(0) { $0 + $1.cells.count }
        return """
            <div class="stage"><h4>\(part.name) <span>\(count) \(count == 1 ? "tensor" : "tensors")</span></h4><div class="blocks">\(blocks)</div></div>

            """
    }
}
