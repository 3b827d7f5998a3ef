internal import Libc
public import TensorCore

/// An array of float32 numbers as NumPy's `.npy` files hold it, in C order.
public struct NumpyArray: Sendable, Equatable {
    /// The sizes, outermost first, as in `[N, C, H, W]`.
    public let shape: Shape
    /// The numbers, the last dimension running fastest.
    public let values: [Float]

    /// Makes an array.
    ///
    /// - Parameters:
    ///   - shape: the sizes.
    ///   - values: as many numbers as the shape has elements.
    public init(shape: Shape, values: [Float]) {
        precondition(shape.elementCount == values.count, "an array has as many numbers as its shape says")
        self.shape = shape
        self.values = values
    }

    /// What a `.npy` file of float32 numbers begins with, as `numpy.save` writes it.
    package static func header(_ shape: Shape) -> [UInt8] { NumpyHeader.bytes(shape) }

    /// Reads a `.npy` file of float16, float32 or float64 numbers in either byte order, and in C or Fortran order.
    ///
    /// Float64 is rounded to float32. The whole file must be one array: what `numpy.savez` writes is no such file.
    ///
    /// - Parameter file: the path.
    /// - Throws: `ImageRefusal`, for a header that NumPy does not write, other types, and data of another length.
    public init(file: String) throws(ImageRefusal) {
        self = try InputFile.open(file) { (descriptor, size) throws(ImageRefusal) in
            let header = try NumpyHeader(file: file, size: size) { offset, count in
                var bytes = [UInt8](repeating: 0, count: count)
                return bytes.withUnsafeMutableBytes { InputFile.fill($0, from: descriptor, at: offset) } == nil
                    ? bytes : []
            }
            return try NumpyArray(file, header, descriptor)
        }
    }

    private init(_ file: String, _ header: NumpyHeader, _ descriptor: Int32) throws(ImageRefusal) {
        var problem: ImageRefusal.Problem?
        let count = header.elementCount
        var values = [Float](unsafeUninitializedCapacity: count) { target, filled in
            problem = Self.read(header, descriptor, into: target)
            filled = problem == nil ? count : 0
        }
        if let problem { throw ImageRefusal(file, problem) }
        if header.isFortranOrder { values = Self.reordered(values, header.shape.dimensions) }
        self.init(shape: header.shape, values: values)
    }

    private static func read(
        _ header: NumpyHeader,
        _ descriptor: Int32,
        into target: UnsafeMutableBufferPointer<Float>
    ) -> ImageRefusal.Problem? {
        let size = header.elementSize
        return withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { chunk in
            var done = 0
            while done < target.count {
                let count = min((1 << 16) / size, target.count - done)
                let part = UnsafeMutableRawBufferPointer(rebasing: chunk[..<(count * size)])
                if let reason = InputFile.fill(part, from: descriptor, at: header.length + done * size) {
                    return .unreadable(reason)
                }
                let result = UnsafeMutableBufferPointer(rebasing: target[done..<(done + count)])
                if let lost = header.convert(part, into: result) {
                    return .arrayOverflow(value: lost.value, index: done + lost.index)
                }
                done += count
            }
            return nil
        }
    }

    /// The values of an array whose first dimension ran fastest, with the last one doing so.
    private static func reordered(_ values: [Float], _ sizes: [Int]) -> [Float] {
        var strides = [Int](repeating: 1, count: sizes.count)
        for i in sizes.indices.dropFirst() { strides[i] = strides[i - 1] * sizes[i - 1] }
        var result: [Float] = []
        result.reserveCapacity(values.count)
        var index = [Int](repeating: 0, count: sizes.count)
        var position = 0
        while result.count < values.count {
            result.append(values[position])
            var axis = sizes.count - 1
            while axis >= 0 {
                index[axis] += 1
                position += strides[axis]
                if index[axis] < sizes[axis] { break }
                position -= strides[axis] * sizes[axis]
                index[axis] = 0
                axis -= 1
            }
        }
        return result
    }

    /// Writes a `.npy` file of float32 numbers, byte for byte as `numpy.save` does, whole or not at all.
    ///
    /// - Parameters:
    ///   - file: the path.
    ///   - overwrite: whether a file of that name may be replaced.
    /// - Throws: `ImageRefusal` where the file exists or the operating system refuses.
    public func write(to file: String, overwrite: Bool = false) throws(ImageRefusal) {
        let header = NumpyHeader.bytes(shape)
        try OutputFile.write(to: file, overwrite: overwrite) { descriptor in
            // Every platform of this package is little-endian, as the header says.
            header.withUnsafeBytes { OutputFile.append($0, to: descriptor) }
                && values.withUnsafeBytes { OutputFile.append($0, to: descriptor) }
        }
    }
}
