internal import DCAENetwork
internal import Kernels
internal import ReferenceNetwork
internal import TensorCore

/// How far values are from others that are held to be right.
package struct ValueDistance: Sendable, Equatable {
    private var (squares, total, most, top) = (0.0, 0.0, 0.0, 0.0)
    /// How many of the values, and of those that are held to be right, are NaN or infinite.
    package private(set) var oddCount = 0
    package private(set) var expectedOddCount = 0

    package init() {}

    /// The root of the sum of squared differences over that of the squares.
    package var relativeRMS: Double { squares == 0 ? 0 : (squares / total).squareRoot() }
    /// The largest difference over the largest value.
    package var relativeLargest: Double { most == 0 ? 0 : most / top }

    /// Whether this is farther off than another distance: what is NaN or infinite is farther than anything that is not.
    func isWorse(than other: ValueDistance) -> Bool {
        guard relativeRMS.isFinite, other.relativeRMS.isFinite else { return other.relativeRMS.isFinite }
        return relativeRMS > other.relativeRMS
    }

    mutating func add(_ found: Double, _ expected: Double) {
        let difference = found == expected ? 0 : found - expected
        squares += difference * difference
        total += expected * expected
        if !found.isFinite { oddCount += 1 }
        if !expected.isFinite { expectedOddCount += 1 }
        // Written so that NaN, which is neither smaller nor larger than anything, comes in and stays.
        if !most.isNaN, !(difference.magnitude <= most) { most = difference.magnitude }
        top = max(top, expected.magnitude)
    }
}

/// What every layer of the fast engine put out, kept to be compared.
final class LayerStore {
    /// A layer's output: pixels row by row, the channels of each together.
    final class Output {
        let height: Int
        let width: Int
        let channels: Int
        fileprivate(set) var values: [Float]

        fileprivate init(_ image: Rows) {
            (height, width, channels) = (image.height, image.width, image.channels)
            values = [Float](repeating: 0, count: height * width * channels)
        }
    }

    private(set) var names: [String] = []
    private var outputs: [String: Output] = [:]
    private var bytes = 0
    private let limit = Machine.memoryBytes / 3

    subscript(name: String) -> Output? { outputs[name] }

    /// Takes rows that a layer has made.
    ///
    /// - Throws: `KernelError.outOfMemory` where all layers together are more than there is room for.
    func take(_ name: String, _ image: Rows, _ rows: Range<Int>) throws(KernelError) {
        if outputs[name] == nil {
            bytes += 4 * image.height * image.width * image.channels
            guard bytes <= limit else { throw .outOfMemory(bytes: bytes - limit) }
            names.append(name)
            outputs[name] = Output(image)
        }
        guard let output = outputs[name] else { return }
        for y in rows {
            let pixels = image.pixels(ofRow: y)
            output.values.withUnsafeMutableBufferPointer { target in
                guard let from = pixels.baseAddress, let to = target.baseAddress else { return }
                for x in 0..<image.width {
                    (to + (y * image.width + x) * image.channels)
                        .update(from: from + x * image.paddedChannels, count: image.channels)
                }
            }
        }
    }
}

extension LayerStore.Output {
    /// How far this is from what the reference has for the layer; nil where the sizes differ.
    func distance(from planes: Planes) -> ValueDistance? {
        guard planes.height == height, planes.width == width, planes.channels <= channels else { return nil }
        // Where values and gates lie in one image, each half begins at a multiple of 16 channels here.
        let half = planes.channels / 2
        guard planes.channels == channels || channels % 2 == 0 else { return nil }
        var distance = ValueDistance()
        values.withUnsafeBufferPointer { values in
            for channel in 0..<planes.channels {
                let own =
                    planes.channels == channels || channel < half ? channel : channels / 2 + channel - half
                let plane = planes.base + channel * planes.pixels
                for pixel in 0..<planes.pixels { distance.add(Double(values[pixel * channels + own]), plane[pixel]) }
            }
        }
        return distance
    }

    /// How far this is from another engine's output of the same layer; nil where the sizes differ.
    func distance(from other: LayerStore.Output) -> ValueDistance? {
        guard values.count == other.values.count else { return nil }
        var distance = ValueDistance()
        values.withUnsafeBufferPointer { values in
            other.values.withUnsafeBufferPointer { expected in
                for index in values.indices { distance.add(Double(values[index]), Double(expected[index])) }
            }
        }
        return distance
    }
}
