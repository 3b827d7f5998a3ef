/// What reading one file may cost: the place where the work of all readers is bounded.
///
/// A file of N bytes costs no more than a constant times N, in time and in memory, whatever it says; work is charged before it is
/// done. Each kind of work has so much for each byte, a floor under which no file is too small to be honest, and a ceiling.
package struct ReadingBudget: Sendable {
    /// What is counted.
    package enum Work: Int, CaseIterable, Sendable {
        /// Instructions of a pickle that are followed.
        case instructions
        /// Values that a pickle builds, those with parts counted with them.
        case values
        /// Parts of tuples, lists and dicts that are looked at or copied after they were built: a pickle can name one large
        /// tuple in every second instruction.
        case looks
        /// Bytes of the names of tensors, which are copied out of the pickle: a million dicts may share one text.
        case nameBytes
        /// Entries of dicts on the way to tensors, counted as often as paths lead to them.
        case visits
        /// Bytes that must be looked at to collect the elements of tensors that do not lie next to one another.
        case gatheredBytes
    }

    /// The most tensors that are read of one file: more than any checkpoint has.
    package static let tensorLimit = 200_000
    /// The longest pickle, and the longest directory of an archive.
    package static let pickleSize = 64 << 20
    package static let directorySize = 64 << 20
    package static let directoryEntries = 300_000
    /// The largest index file: 200,000 tensors with long names.
    package static let indexSize = 64_000_000

    /// The bytes that the tensors of a file may take together: views of one storage may be many times its size, but not without end.
    package static func viewedBytes(fileSize: Int) -> Int { scaled(fileSize, by: 64, floor: 256 << 20) }

    /// The bytes that a compressed file may expand to unless the user allows more: weights hardly compress.
    package static func expandedBytes(fileSize: Int) -> Int { scaled(fileSize, by: 100, floor: 256 << 20) }

    /// By the number of the kind of work.
    private let limits: [Int]
    private var spent: [Int]

    /// The budget for a file of so many bytes.
    package init(fileSize: Int) {
        limits = Work.allCases.map { work in
            switch work {
            case .instructions: Self.scaled(fileSize, by: 1, floor: 1 << 12, ceiling: 3_000_000)
            case .values: Self.scaled(fileSize, by: 16, floor: 1 << 16, ceiling: 2_000_000)
            case .looks: Self.scaled(fileSize, by: 8, floor: 1 << 20, ceiling: 64_000_000)
            case .nameBytes: Self.scaled(fileSize, by: 8, floor: 1 << 20, ceiling: 32 << 20)
            case .visits: Self.scaled(fileSize, by: 1, floor: 1 << 16, ceiling: 1_000_000)
            case .gatheredBytes: Self.scaled(fileSize, by: 64, floor: 256 << 20)
            }
        }
        spent = Array(repeating: 0, count: limits.count)
    }

    /// How much of a kind of work there is in all.
    package func limit(_ work: Work) -> Int { limits[work.rawValue] }

    /// Takes so much from the budget, before it is spent.
    ///
    /// - Returns: nil, or the limit where it is exceeded.
    package mutating func charge(_ amount: Int, _ work: Work) -> Int? {
        let (sum, overflow) = spent[work.rawValue].addingReportingOverflow(amount)
        guard !overflow, sum <= limits[work.rawValue] else { return limits[work.rawValue] }
        spent[work.rawValue] = sum
        return nil
    }

    private static func scaled(_ size: Int, by factor: Int, floor: Int, ceiling: Int = .max) -> Int {
        let (product, overflow) = size.multipliedReportingOverflow(by: factor)
        return min(ceiling, max(floor, overflow ? .max : product))
    }
}
