package import CheckpointIO
internal import TensorCore

extension FeatureStatistics {
    /// Statistics of features in the form of pytorch-fid, ADM and DC-AE's scripts: an `.npz` with `mu` and `sigma`.
    ///
    /// - Throws: `PerceptionFault` where an array is missing or not of Inception's sizes, and what the readers throw.
    package init(reading path: String, featureCount: Int = InceptionNetwork.featureCount) throws(CheckpointError) {
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
        self.init(mean: mean, covariance: try values("sigma", [featureCount, featureCount]))
    }

    /// The file's bytes, part by part: `numpy.savez(path, mu=mu, sigma=sigma)` with float64 numbers.
    package var archive: NumpyArchive {
        NumpyArchive([("mu", [featureCount], mean), ("sigma", [featureCount, featureCount], covariance)])
    }

    /// What tells these statistics from others: SHA-256 of their numbers.
    package var digest: String {
        var hash = SHA256()
        mean.withUnsafeBytes { hash.update($0) }
        covariance.withUnsafeBytes { hash.update($0) }
        return hash.finish().description
    }
}
