/// How an interpolating decoder tells the positions in a block apart, along one side.
///
/// Nearest-neighbour upsampling and a convolution of three taps give the two halves of a position j
///
///     f(2j) = a(j) + b(j-1) + c(j)        f(2j+1) = a(j) + b(j) + c(j+1)
///
/// for three channels a, b and c. Whatever is to be in the halves, b and c are running sums of the halves' differences,
/// b from the left and c from the right. The sums must end for this to stay local, which is the case where the differences
/// made by one latent value cancel over the picture: the network cannot give the two halves of all blocks different
/// constants. Each channel is again a function of position at half the resolution, and so on up to the latent's.
struct InterpolationTree {
    /// What values a channel may depend on: those of the neighbours to the left, to the right, or both.
    enum Reach {
        case both, left, right
    }

    /// A function of the position: for each position in a block and each frequency, the weights of the frequency's value
    /// in the block to the left, in the block itself, and in that to the right.
    typealias Taps = [[[Double]]]

    struct Node {
        let reach: Reach
        let taps: Taps
        /// The channels of the level before that make this one, each with the tap it is read at.
        var sources: [(index: Int, tap: Int)] = []
    }

    /// The channels of each level, from the latent's resolution on; the last has one.
    let levels: [[Node]]

    init(_ function: Taps, builds: Int) {
        var levels = [[Node(reach: .both, taps: function)]]
        for _ in 0..<builds {
            var coarser: [Node] = []
            for index in levels[0].indices {
                let parts = Self.split(levels[0][index])
                levels[0][index].sources = parts.enumerated().map { (coarser.count + $0.offset, $0.element.tap) }
                coarser += parts.map(\.node)
            }
            levels.insert(coarser, at: 0)
        }
        self.levels = levels
    }

    private static func split(_ node: Node) -> [(node: Node, tap: Int)] {
        let (count, frequencies) = (node.taps.count / 2, node.taps[0].count)
        var (a, b, c) = (Taps(), Taps(), Taps())
        for j in 0..<count {
            let zeros = [[Double]](repeating: [0, 0, 0], count: frequencies)
            (b, c) = (b + [zeros], c + [zeros])
            for k in 0..<frequencies {
                for i in 0..<count {
                    let (first, second) = (node.taps[2 * i][k], node.taps[2 * i + 1][k])
                    let (left, right) = (second[0] - first[0], second[2] - first[2])
                    if i > j { b[j][k][0] -= left } else { b[j][k][1] -= left }
                    if i >= j { c[j][k][1] += right } else { c[j][k][2] += right }
                }
            }
        }
        for j in 0..<count {
            a.append(node.taps[2 * j])
            for k in 0..<frequencies {
                for t in 0..<3 {
                    // To the left of the first position lies the last of the block to the left.
                    let before = j > 0 ? b[j - 1][k][t] : t < 2 ? b[count - 1][k][t + 1] : 0
                    a[j][k][t] -= before + c[j][k][t]
                }
            }
        }
        var parts = [(node: Node(reach: node.reach, taps: a), tap: 0)]
        if node.reach != .right { parts.append((Node(reach: .left, taps: b), -1)) }
        if node.reach != .left { parts.append((Node(reach: .right, taps: c), 1)) }
        return parts
    }

    /// The number of channels that so many halvings take.
    static func count(_ builds: Int) -> Int { (2 << builds) - 1 }
}
