internal import ModelZoo

/// The values of a parameter that is one number almost everywhere.
package struct SparseTensor: Sendable, Equatable {
    /// What every value is that is not listed.
    package var fill: Float = 0
    /// The places of the listed values in the tensor of the original layout, ascending.
    private(set) var places: [Int] = []
    private(set) var values: [Float] = []

    init(fill: Float = 0, _ entries: [Int: Double] = [:]) {
        self.fill = fill
        for (place, value) in entries.sorted(by: { $0.key < $1.key }) where value != Double(fill) {
            places.append(place)
            values.append(Float(value))
        }
    }

    /// Writes the values of a range of places.
    package func write(from first: Int, into target: UnsafeMutableBufferPointer<Float>) {
        target.update(repeating: fill)
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            if places[middle] < first { low = middle + 1 } else { high = middle }
        }
        while low < places.count, places[low] < first + target.count {
            target[places[low] - first] = values[low]
            low += 1
        }
    }
}

/// A convolution of the network with what the codec puts into it.
struct CodecLayer {
    let convolution: NetworkDescription.Convolution
    let kernel: CodecKernel
}

/// A 3×3 convolution in the making.
struct CodecKernel {
    private let columns: Int
    private var weights: [Int: Double] = [:]
    private var biases: [Int: Double] = [:]

    init(inputs: Int) {
        columns = inputs
    }

    /// Adds to the weight of an input, seen `y` rows below and `x` columns to the right.
    mutating func add(_ output: Int, _ input: Int, y: Int = 0, x: Int = 0, _ value: Double) {
        weights[((output * columns + input) * 3 + y + 1) * 3 + x + 1, default: 0] += value
    }

    /// Adds to what an output is whatever the inputs.
    mutating func addBias(_ output: Int, _ value: Double) {
        biases[output, default: 0] += value
    }

    var weight: SparseTensor { SparseTensor(fill: 0, weights) }
    var bias: SparseTensor { SparseTensor(fill: 0, biases) }
}
