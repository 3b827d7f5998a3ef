internal import COpenBLAS
internal import Libc
package import TensorCore

/// Products of matrices and a symmetric eigenproblem, by OpenBLAS, which is loaded when it is first asked for.
///
/// All of it runs on the calling thread: work is shared out by who calls, with a `ThreadPool`.
package struct LinearAlgebra: Sendable {
    /// What the library says of itself: version, build options.
    package let configuration: String
    /// The kernels that it chose, or was told, as in `SkylakeX`.
    package let core: String

    private static let loaded: Result<LinearAlgebra, LinearAlgebraError> = .init(catching: open)

    /// The library, loaded at the first call.
    ///
    /// - Throws: `LinearAlgebraError.notInstalled`, `.unsuitable`.
    package static func load() throws(LinearAlgebraError) -> LinearAlgebra { try loaded.get() }

    private static func open() throws(LinearAlgebraError) -> LinearAlgebra {
        let core = CoreType.name(
            asked: variable("OPENBLAS_CORETYPE"),
            best: InstructionSet.best,
            available: InstructionSet.available
        )
        let file = variable("DCAE_OPENBLAS")
        var failure: Int32 = 0
        let reason = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { room in
            guard let base = room.baseAddress else { return "" }
            base.update(repeating: 0, count: room.count)
            failure = dcae_blas_load(file, core, base, room.count)
            return String(cString: base)
        }
        switch failure {
        case 0: return LinearAlgebra(configuration: text(dcae_blas_configuration()), core: text(dcae_blas_core()))
        case 1: throw .notInstalled(reason)
        default: throw .unsuitable(reason)
        }
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func text(_ words: UnsafePointer<CChar>?) -> String {
        words.map { String(cString: $0) } ?? ""
    }
}

/// Which kernels OpenBLAS is told to use.
package enum CoreType {
    /// The value of OPENBLAS_CORETYPE, or nil to leave it to the library.
    ///
    /// A library that is older than the processor may take it for a much older one: 0.3.21 takes AMD's family 26 for a
    /// Haswell, and runs at half its speed. So it is told by what the processor can do.
    ///
    /// - Parameters:
    ///   - asked: what the environment has, which counts unless the processor could not run it.
    ///   - best: the set in use, which `DCAE_ISA` may have lowered.
    package static func name(asked: String?, best: InstructionSet, available: [InstructionSet]) -> String? {
        if let asked, needs(asked).map(available.contains) ?? true { return asked }
        guard available.contains(.avx2) else { return nil }
        return switch best {
        case .avx512: "SkylakeX"
        case .avx2: "Haswell"
        case .avx: "Sandybridge"
        // To see here what an old processor would do.
        case .baseline: "Nehalem"
        }
    }

    /// What the kernels of a name cannot do without; nil for those that say nothing of it.
    private static func needs(_ name: String) -> InstructionSet? {
        switch name.lowercased() {
        case "skylakex", "cooperlake", "sapphirerapids": .avx512
        case "haswell", "zen", "excavator": .avx2
        case "sandybridge", "bulldozer", "piledriver", "steamroller": .avx
        default: nil
        }
    }
}
