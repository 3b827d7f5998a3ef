package import CKernels

/// What the loops are compiled for; chosen at run time, by one rule for all of them.
public enum InstructionSet: Sendable, CaseIterable, Comparable {
    /// What every processor of the architecture has: SSE2, or NEON on aarch64.
    case baseline
    /// AVX, as processors of 2011 and 2012 have it: without FMA and AVX2.
    case avx
    /// AVX2 with FMA and F16C.
    case avx2
    /// AVX-512 F, VL, BW and DQ.
    case avx512

    /// Whether this processor and system have it.
    public var isAvailable: Bool { dcae_has_instruction_set(code) != 0 }

    /// Those that this processor and system have, the least first.
    package static let available = allCases.filter(\.isAvailable)

    /// The best that this processor has, or the one that `DCAE_ISA` names (baseline, avx, avx2, avx512) if it has that.
    public static let best = allCases.first { $0.code == dcae_best_instruction_set() } ?? .baseline

    package var code: dcae_instruction_set {
        switch self {
        case .baseline: DCAE_BASELINE
        case .avx: DCAE_AVX
        case .avx2: DCAE_AVX2
        case .avx512: DCAE_AVX512
        }
    }

    /// Its loops; the baseline's where it is not available.
    package var kernels: UnsafePointer<dcae_kernels> {
        guard let kernels = dcae_kernels_of(code) ?? dcae_kernels_of(DCAE_BASELINE) else {
            preconditionFailure("the baseline is always there")
        }
        return kernels
    }

    /// The network's loops with products of bf16, where they are there.
    package var bf16Kernels: UnsafePointer<dcae_network_kernels>? { dcae_bf16_kernels_of(code) }
}
