internal import TensorCore

/// A `.npz` file of float64 arrays as `numpy.savez` writes it: a zip archive that compresses nothing.
package struct NumpyArchive {
    /// The file's bytes, in order.
    package let parts: [[UInt8]]

    /// Puts arrays into an archive.
    ///
    /// The same arrays give the same bytes: the archive says that they were written on the first day that zip can name.
    ///
    /// - Parameter arrays: the name of each, its shape, and as many values; all of it below 4 GB.
    package init(_ arrays: [(name: String, shape: [Int], values: [Double])]) {
        var parts: [[UInt8]] = []
        var directory: [UInt8] = []
        var offset = 0
        for array in arrays {
            let data = NumpyHeader.bytes(Shape(array.shape), type: "<f8") + array.values.withUnsafeBytes { Array($0) }
            precondition(data.count <= UInt32.max, "arrays below 4 GB")
            var checksum = CRC32()
            data.withUnsafeBytes { checksum.update($0) }
            let name = Array((array.name + ".npy").utf8)
            // Version 2.0; no flags, not compressed; midnight of the first of January 1980.
            let common =
                Self.number(20, 2) + Self.number(0, 6) + Self.number(0x21, 2) + Self.number(Int(checksum.value), 4)
                + Self.number(data.count, 4) + Self.number(data.count, 4) + Self.number(name.count, 2)
                + Self.number(0, 2)
            let header = [0x50, 0x4B, 3, 4] + common + name
            directory += [0x50, 0x4B, 1, 2] + Self.number(20, 2) + common + Self.number(0, 10)
            directory += Self.number(offset, 4) + name
            parts += [header, data]
            offset += header.count + data.count
        }
        let counts = Self.number(arrays.count, 2) + Self.number(arrays.count, 2)
        let end = [0x50, 0x4B, 5, 6] + Self.number(0, 4) + counts + Self.number(directory.count, 4)
        self.parts = parts + [directory, end + Self.number(offset, 4) + Self.number(0, 2)]
    }

    /// A number in so many bytes, least first.
    private static func number(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
