import CheckpointIO
import TensorCore
import TestSupport
import Testing

/// Elements are collected rightly from storages that are larger than the window they are read through.
@Suite struct GatherTests {
    /// A file of 16-bit numbers, each equal to its place modulo 65,521, and tensors over it.
    private func checkpoint(
        _ folder: TemporaryFolder,
        count: Int,
        shape: [Int],
        strides: [Int],
        swapped: Bool = false
    ) throws -> Checkpoint {
        let bytes = [UInt8](unsafeUninitializedCapacity: 2 * count) { buffer, initialized in
            for index in 0..<count {
                let value = UInt16(index % 65_521)
                buffer[2 * index] = UInt8(truncatingIfNeeded: swapped ? value >> 8 : value)
                buffer[2 * index + 1] = UInt8(truncatingIfNeeded: swapped ? value : value >> 8)
            }
            initialized = 2 * count
        }
        let file = try InputFile(opening: try folder.write("numbers", bytes))
        let location = TensorLocation(
            file: 0,
            offset: 0,
            byteCount: 2 * shape.reduce(1, *),
            strides: strides,
            isByteSwapped: swapped
        )
        let descriptor = TensorDescriptor(name: "x", dtype: .u16, shape: Shape(shape))
        let tensor = StoredTensor(descriptor: descriptor, location: location)
        return Checkpoint(path: file.path, format: .torchZip, files: [file], tensors: [tensor])
    }

    private func place(_ element: Int, _ shape: [Int], _ strides: [Int]) -> Int {
        var (rest, place) = (element, 0)
        for (size, stride) in zip(shape, strides).reversed() {
            place += rest % size * stride
            rest /= size
        }
        return place
    }

    /// Shapes over a storage of 18 MB: more than one window.
    @Test(
        arguments: [
            ([3000, 3000], [1, 3000], false), ([4500, 2000], [1, 4500], true), ([3000, 3000, 1], [3000, 1, 5], true),
            ([50, 30, 60, 100], [1, 300_000, 5000, 50], false), ([9], [1_000_000], false),
            ([4, 5, 10], [0, 1, 900_000], false),
            ([1_500, 2_000], [2, 3_000], false), ([30_000, 7], [7, 1], false),
        ],
        [1 << 40, 999_998]
    )
    func everyElementIsInItsPlace(_ layout: ([Int], [Int], Bool), part: Int) throws {
        let (shape, strides, swapped) = layout
        let folder = try TemporaryFolder()
        let checkpoint = try checkpoint(folder, count: 9_000_001, shape: shape, strides: strides, swapped: swapped)
        let tensor = checkpoint.tensors[0]
        // Large parts whole; of small ones a few, at the beginning, in the middle and at the end.
        let starts = stride(from: 0, to: tensor.byteCount, by: min(part, tensor.byteCount))
        let chosen = Array(starts).enumerated().filter { $0.offset % max(1, Array(starts).count / 5) == 0 }.map(
            \.element
        )
        for start in chosen {
            var bytes = [UInt8](repeating: 0, count: min(part, tensor.byteCount - start))
            try bytes.withUnsafeMutableBytes { try checkpoint.read(tensor, from: start, into: $0) }
            let wrong = (0..<(bytes.count / 2)).first { index in
                let expected = place(start / 2 + index, shape, strides) % 65_521
                return Int(bytes[2 * index]) | Int(bytes[2 * index + 1]) << 8 != expected
            }
            #expect(wrong == nil, "part \(start): element \(wrong ?? 0)")
        }
    }
}
