package import DCAENetwork
internal import TensorCore

/// An image of many channels in double precision: one plane behind the other, each row after row.
package final class Planes: @unchecked Sendable {
    // Sendable, as threads of one operation write to parts of their own and none writes afterwards.
    package let channels: Int
    package let height: Int
    package let width: Int
    /// The first value.
    package let base: UnsafeMutablePointer<Double>
    private let ledger: MemoryLedger

    /// The pixels of a plane.
    package var pixels: Int { height * width }

    init(_ channels: Int, _ height: Int, _ width: Int, _ ledger: MemoryLedger) throws(NetworkError) {
        try ledger.take(channels * height * width * 8)
        (self.channels, self.height, self.width, self.ledger) = (channels, height, width, ledger)
        base = .allocate(capacity: channels * height * width)
    }

    deinit {
        base.deallocate()
        ledger.giveBack(channels * height * width * 8)
    }

    subscript(channel: Int) -> UnsafeMutablePointer<Double> { base + channel * pixels }
}

/// Counts the memory of one computation: an allocation that fails would end the process.
final class MemoryLedger {
    private var taken = 0
    private(set) var peak = 0
    // What is left is for the weights of a layer, the program and its files.
    private let limit = Machine.memoryBytes / 4 * 3

    func take(_ bytes: Int) throws(NetworkError) {
        guard taken + bytes <= limit else { throw .outOfMemory(bytes: taken + bytes - limit) }
        taken += bytes
        peak = max(peak, taken)
    }

    func giveBack(_ bytes: Int) { taken -= bytes }
}

/// A batch of latents or samples in double precision: NCHW, contiguous.
package struct DoubleTensor: Sendable, Equatable {
    /// `[batch, channels, height, width]`.
    package let dimensions: [Int]
    package internal(set) var values: [Double]

    init(_ dimensions: [Int]) {
        self.dimensions = dimensions
        values = []
        values.reserveCapacity(dimensions.reduce(1, *))
    }

    /// The same in single precision.
    package var rounded: FloatTensor {
        get throws(NetworkError) {
            try FloatTensor(
                batch: dimensions[0],
                channels: dimensions[1],
                height: dimensions[2],
                width: dimensions[3],
                values: values.map { Float($0) }
            )
        }
    }
}
