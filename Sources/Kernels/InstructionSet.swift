internal import CKernels
internal import Libc

/// What the loops are compiled for; chosen at run time.
public enum InstructionSet: Int32, Sendable, CaseIterable, Comparable {
    /// What every processor of the architecture has: SSE2, or NEON on aarch64.
    case baseline = 0
    /// AVX2 with FMA.
    case avx2 = 1
    /// AVX-512 F, VL, BW and DQ.
    case avx512 = 2

    /// Whether the first has fewer instructions than the second.
    public static func < (lhs: InstructionSet, rhs: InstructionSet) -> Bool { lhs.rawValue < rhs.rawValue }

    /// Whether this processor and system have it.
    public var isAvailable: Bool { dcae_kernels_of(rawValue) != nil }

    /// The best that this processor has, or the one that `DCAE_ISA` names (baseline, avx2, avx512) if it has that.
    public static var best: InstructionSet {
        if let name = getenv("DCAE_ISA").map({ String(cString: $0) }),
            let wanted = allCases.first(where: { "\($0)" == name }), wanted.isAvailable
        {
            return wanted
        }
        return allCases.reversed().first(where: \.isAvailable) ?? .baseline
    }

    var kernels: UnsafePointer<dcae_kernels> {
        // The baseline is always there.
        dcae_kernels_of(rawValue) ?? dcae_kernels_of(0)
    }
}
