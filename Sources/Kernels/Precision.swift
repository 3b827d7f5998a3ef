public import TensorCore

/// What the network's products are computed in; everything else is float32.
public enum Precision: String, Sendable, CaseIterable {
    /// float32 throughout.
    case f32
    /// Factors rounded to bf16, sums in float32, wherever this saves time and costs no more than bf16's own error: in all
    /// products but those of 3×3 convolutions with stride 1, which Winograd's algorithm computes faster in float32 than
    /// bf16 could directly.
    case bf16

    /// Whether this processor can compute in it with an instruction set: bf16 wants AVX-512 and AVX512-BF16, or the bfdot of
    /// 64-bit Arm.
    public func isAvailable(with instructionSet: InstructionSet) -> Bool {
        self == .f32 || instructionSet.bf16Kernels != nil
    }
}
