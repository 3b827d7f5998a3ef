package import CheckpointIO
internal import Files
package import Images
internal import TensorCore

/// How statistics were made: what our own files say besides them, in arrays that others pass over.
package struct StatisticsOrigin: Sendable, Equatable {
    /// The side of the squares that pictures were made into; nil where they stayed as they were.
    package let size: Int?
    package let crop: SquareCrop
    package let pictureCount: Int
    /// The SHA-256 of the weights of Inception.
    package let weights: String

    package init(size: Int?, crop: SquareCrop, pictureCount: Int, weights: String) {
        (self.size, self.crop, self.pictureCount, self.weights) = (size, crop, pictureCount, weights)
    }

    private enum Name {
        static let size = "dcae_size"
        static let crop = "dcae_crop"
        static let count = "dcae_picture_count"
        static let weights = "dcae_weights_sha256"
    }

    /// Reads what `arrays` has; nil of files that others wrote.
    fileprivate init?(_ checkpoint: Checkpoint) throws(CheckpointError) {
        func values(_ name: String, _ count: Int) throws(CheckpointError) -> [Int]? {
            guard let tensor = checkpoint[name], tensor.descriptor.dtype == .f64,
                tensor.descriptor.shape.dimensions == [count]
            else { return nil }
            let bytes = try checkpoint.bytes(of: tensor)
            let numbers = bytes.withUnsafeBytes { bytes in
                (0..<count).compactMap {
                    Int(exactly: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self))
                }
            }
            return numbers.count == count ? numbers : nil
        }
        guard let size = try values(Name.size, 1)?[0], size >= 0, let crop = try values(Name.crop, 1)?[0],
            SquareCrop.allCases.indices.contains(crop), let count = try values(Name.count, 1)?[0], count > 0,
            let digest = try values(Name.weights, 32), digest.allSatisfy({ (0...255).contains($0) })
        else { return nil }
        self.init(
            size: size == 0 ? nil : size,
            crop: SquareCrop.allCases[crop],
            pictureCount: count,
            weights: digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        )
    }

    /// The same as arrays of numbers: NumPy has no other kind that every reader takes.
    fileprivate var arrays: [(name: String, shape: [Int], values: [Double])] {
        let digits = Array(weights.utf8)
        let bytes = stride(from: 0, to: digits.count - 1, by: 2).map { index in
            Double(Int(String(decoding: digits[index...(index + 1)], as: UTF8.self), radix: 16) ?? 0)
        }
        return [
            (Name.size, [1], [Double(size ?? 0)]),
            (Name.crop, [1], [Double(SquareCrop.allCases.firstIndex(of: crop) ?? 0)]),
            (Name.count, [1], [Double(pictureCount)]), (Name.weights, [bytes.count], bytes),
        ]
    }
}

extension FeatureStatistics {
    /// Statistics of features in the form of pytorch-fid, ADM and DC-AE's scripts: an `.npz` with `mu` and `sigma`.
    ///
    /// - Throws: `PerceptionFault` where an array is missing or not of Inception's sizes, and what the readers throw.
    package init(reading path: String, featureCount: Int = InceptionNetwork.featureCount) throws(CheckpointError) {
        // Whatever else it is, the reader of checkpoints would take it for another format and speak of that.
        let start = try InputFile(opening: path)
        guard start.size >= 4, try start.bytes(at: 0, count: 4).starts(with: [0x50, 0x4B]) else {
            throw CheckpointError(path, .file, PerceptionFault.notArchive)
        }
        let checkpoint = try Checkpoint.open(path)
        func values(_ name: String, _ shape: [Int]) throws(CheckpointError) -> [Double] {
            guard let tensor = checkpoint[name] else {
                throw CheckpointError(path, .file, PerceptionFault.noStatistics(missing: name))
            }
            func refuse(_ fault: PerceptionFault) -> CheckpointError { CheckpointError(path, .tensor(name), fault) }
            let found = tensor.descriptor
            guard found.shape.dimensions == shape else {
                throw refuse(.statisticsShape(found.shape, expected: Shape(shape)))
            }
            let bytes = try checkpoint.bytes(of: tensor)
            let values: [Double] =
                switch found.dtype {
                case .f64: bytes.withUnsafeBytes { Array($0.bindMemory(to: Double.self)) }
                case .f32: bytes.withUnsafeBytes { $0.bindMemory(to: Float.self).map(Double.init) }
                default: throw refuse(.statisticsType(found.dtype))
                }
            guard values.allSatisfy(\.isFinite) else { throw refuse(.statisticsNotFinite) }
            return values
        }
        let mean = try values("mu", [featureCount])
        let covariance = try values("sigma", [featureCount, featureCount])
        guard Self.isSymmetric(covariance, featureCount) else {
            throw CheckpointError(path, .tensor("sigma"), PerceptionFault.notSymmetric)
        }
        self.init(mean: mean, covariance: covariance)
        origin = try StatisticsOrigin(checkpoint)
    }

    /// Rounding of other libraries may differ between the two halves; a file that was damaged or transposed in part does more.
    private static func isSymmetric(_ matrix: [Double], _ count: Int) -> Bool {
        let largest = matrix.reduce(0) { max($0, $1.magnitude) }
        return matrix.withUnsafeBufferPointer { matrix in
            (0..<count).allSatisfy { row in
                (0..<row).allSatisfy { column in
                    (matrix[row * count + column] - matrix[column * count + row]).magnitude <= 1e-6 * largest
                }
            }
        }
    }

    /// The file's bytes, part by part: `numpy.savez(path, mu=mu, sigma=sigma)` with float64 numbers, and
    /// how they were made.
    package var archive: NumpyArchive {
        NumpyArchive(
            [("mu", [featureCount], mean), ("sigma", [featureCount, featureCount], covariance)]
                + (origin?.arrays ?? [])
        )
    }

    /// What tells these statistics from others: SHA-256 of their numbers.
    package var digest: String {
        var hash = SHA256()
        mean.withUnsafeBytes { hash.update($0) }
        covariance.withUnsafeBytes { hash.update($0) }
        return hash.finish().description
    }
}
