internal import Libc
package import TensorCore

/// One of several parts of a run: every `count`-th file, beginning with the `index`-th.
package struct Shard: Sendable, Equatable {
    /// Which part, from 1.
    package let index: Int
    /// How many there are.
    package let count: Int

    /// The whole run.
    package static let whole = Shard(checked: 1, 1)
    /// More parts than any cluster has machines.
    package static let countLimit = 1_000_000

    private init(checked index: Int, _ count: Int) {
        (self.index, self.count) = (index, count)
    }

    /// A part, or nil where the index is not from 1 to the count.
    package init?(index: Int, count: Int) {
        guard (1...Self.countLimit).contains(count), (1...count).contains(index) else { return nil }
        self.init(checked: index, count)
    }

    /// A part written as `3/8`: the third of eight.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let index = parts[0], let count = parts[1] else { return nil }
        self.init(index: index, count: count)
    }

    /// Whether it is all there is.
    package var isWhole: Bool { count == 1 }

    /// The elements of this part.
    package func select<Element>(_ all: [Element]) -> [Element] {
        isWhole ? all : stride(from: index - 1, to: all.count, by: count).map { all[$0] }
    }

    /// What a task of a Slurm array is to do: the task with the lowest number has the first part; nil outside of one.
    ///
    /// SLURM_ARRAY_TASK_ID counts from SLURM_ARRAY_TASK_MIN (0 where that is not set) in steps of SLURM_ARRAY_TASK_STEP
    /// (1 where that is not set), and SLURM_ARRAY_TASK_COUNT says how many tasks there are.
    ///
    /// - Parameter variable: the value of an environment variable.
    /// - Throws: `ShardRefusal` where the tasks have other numbers, as after `--array=3,7`.
    package static func ofSlurmTask(
        _ variable: (String) -> String? = { getenv($0).map { String(cString: $0) } }
    ) throws(ShardRefusal) -> Shard? {
        guard let id = variable("SLURM_ARRAY_TASK_ID"), let count = variable("SLURM_ARRAY_TASK_COUNT") else {
            return nil
        }
        let first = variable("SLURM_ARRAY_TASK_MIN") ?? "0"
        let step = variable("SLURM_ARRAY_TASK_STEP") ?? "1"
        // From 0 on: so no difference of two is too large, and no quotient and 1.
        guard let number = Int(id), let tasks = Int(count), let least = Int(first), let stride = Int(step), stride > 0,
            least >= 0, number >= least, (number - least) % stride == 0, (number - least) / stride < Self.countLimit,
            let shard = Shard(index: (number - least) / stride + 1, count: tasks)
        else { throw ShardRefusal(id: id, count: count, first: first) }
        return shard
    }
}

extension Shard: CustomStringConvertible {
    package var description: String { "\(index)/\(count)" }
}

/// The numbers of a Slurm array's tasks that say nothing of parts.
package struct ShardRefusal: Refusal, Equatable {
    let id: String
    let count: String
    let first: String

    package var description: String { words.description }

    package func line(_ spelling: (Words.Option, String?) -> String) -> String { words.text(spelling) }

    package var details: RefusalDetails { RefusalDetails(.badOption, message, remedy: remedy) }

    private var words: Words { message + "; " + remedy }

    private var message: Words {
        "SLURM_ARRAY_TASK_ID \(id.escaped(limit: 20)) is not one of \(count.escaped(limit: 20)) consecutive tasks from "
            + "\(first.escaped(limit: 20))"
    }

    private var remedy: Words { "say which part with \(.shard), for example \(.shard, "1/8")" }
}
