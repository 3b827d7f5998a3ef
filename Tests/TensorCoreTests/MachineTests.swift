import CKernels
import Foundation
import TensorCore
import TestSupport
import Testing

@Suite struct MachineTests {
    /// Quotas of both versions of control groups: the least of a group and those around it, rounded up.
    @Test func quotasOfControlGroups() throws {
        let folder = try TemporaryFolder()
        func write(_ path: String, _ text: String) throws { try folder.write(path, Array(text.utf8)) }
        try write("v2/a/b/cpu.max", "max 100000\n")
        try write("v2/a/cpu.max", "250000 100000\n")
        try write("v2/cpu.max", "400000 100000\n")
        #expect(Machine.quota(membership: "0::/a/b\n", mount: folder("v2")) == 3)
        #expect(Machine.quota(membership: "0::/\n", mount: folder("v2")) == 4)
        #expect(Machine.quota(membership: "0::/not/here\n", mount: folder("v2")) == 4, "a container sees its own root")
        try write("v1/cpu,cpuacct/docker/x/cpu.cfs_quota_us", "50000\n")
        try write("v1/cpu,cpuacct/docker/x/cpu.cfs_period_us", "100000\n")
        try write("v1/cpu,cpuacct/cpu.cfs_quota_us", "-1\n")
        try write("v1/cpu,cpuacct/cpu.cfs_period_us", "100000\n")
        let lines = "9:name=systemd:/\n4:cpu,cpuacct:/docker/x\n3:cpuset:/\n0::/\n"
        #expect(Machine.quota(membership: lines, mount: folder("v1")) == 1)
        #expect(Machine.quota(membership: "4:cpu,cpuacct:/\n", mount: folder("v1")) == nil)
        #expect(Machine.quota(membership: "", mount: folder("v2")) == nil)
        #expect(Machine.quota(membership: "no line at all\n:", mount: folder("v2")) == nil)
    }

    @Test func thereIsAProcessorAndMemory() {
        #expect(Machine.processorCount >= 1)
        #expect(Machine.memoryBytes > 1 << 20)
    }
}

/// What the one table of kernels promises: the same bits from every instruction set.
@Suite struct KernelTableTests {
    /// Numbers of all kinds: every exponent, NaN and infinities, and what lies just beside the borders of F16.
    static let values: [Float] = (0..<40_009).map { index in
        let mixed = UInt32(truncatingIfNeeded: index) &* 2_654_435_761
        return Float(bitPattern: index % 3 == 0 ? mixed : 0x3800_0000 + mixed % 0x1000_0000)
    }

    private func made<Value: Equatable & ExpressibleByIntegerLiteral>(
        _ body: (UnsafeMutablePointer<Value>, UnsafePointer<Float>, Int) -> Void
    ) -> [Value] {
        [Value](unsafeUninitializedCapacity: Self.values.count) { buffer, count in
            count = Self.values.count
            guard let target = buffer.baseAddress else { return }
            Self.values.withUnsafeBufferPointer { source in
                if let source = source.baseAddress { body(target, source, count) }
            }
        }
    }

    @Test(arguments: InstructionSet.available) func castsAreThoseOfTheBaseline(set: InstructionSet) {
        let (kernels, plain) = (set.kernels.pointee.numbers, InstructionSet.baseline.kernels.pointee.numbers)
        var (lost, expectedLost) = (dcae_cast_report(), dcae_cast_report())
        let halves: [UInt16] = made { kernels.f32_to_f16($1, $0, $2, &lost) }
        #expect(halves == made { plain.f32_to_f16($1, $0, $2, &expectedLost) })
        #expect(lost.overflows == expectedLost.overflows && lost.underflows == expectedLost.underflows)
        #expect(lost.overflows > 0 && lost.underflows > 0)
        let brains: [UInt16] = made { kernels.f32_to_bf16($1, $0, $2, &lost) }
        #expect(brains == made { plain.f32_to_bf16($1, $0, $2, &expectedLost) })
        #expect(lost.overflows == expectedLost.overflows && lost.underflows == expectedLost.underflows)
        func bits(_ body: (UnsafeMutablePointer<Float>, UnsafePointer<UInt16>, Int) -> Void, _ from: [UInt16])
            -> [UInt32]
        {
            let wide: [Float] = made { target, _, count in
                from.withUnsafeBufferPointer { if let source = $0.baseAddress { body(target, source, count) } }
            }
            return wide.map(\.bitPattern)
        }
        #expect(bits({ kernels.f16_to_f32($1, $0, $2) }, halves) == bits({ plain.f16_to_f32($1, $0, $2) }, halves))
        #expect(bits({ kernels.bf16_to_f32($1, $0, $2) }, brains) == bits({ plain.bf16_to_f32($1, $0, $2) }, brains))
    }

    @Test(arguments: InstructionSet.available) func seededValuesAndCountsAreThoseOfTheBaseline(set: InstructionSet) {
        let (kernels, plain) = (set.kernels.pointee.numbers, InstructionSet.baseline.kernels.pointee.numbers)
        let seeded: [Float] = made { target, _, count in kernels.fill_uniform(target, count, 7, 5, 0.5, 0.3) }
        #expect(seeded == made { target, _, count in plain.fill_uniform(target, count, 7, 5, 0.5, 0.3) })
        var (nan, infinite, plainNaN, plainInfinite): (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        Self.values.withUnsafeBytes {
            kernels.count_nonfinite_f32($0.baseAddress, Self.values.count, &nan, &infinite)
            plain.count_nonfinite_f32($0.baseAddress, Self.values.count, &plainNaN, &plainInfinite)
        }
        #expect(nan == plainNaN && infinite == plainInfinite && nan > 0)
    }
}
