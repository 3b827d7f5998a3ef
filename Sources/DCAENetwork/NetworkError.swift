internal import Kernels
public import ModelZoo
public import TensorCore

/// Why the network could not be built or run.
public enum NetworkError: Refusal {
    /// A tensor of sizes that the network cannot take.
    case shape(ShapeFault)
    /// A configuration that does not describe a network.
    case configuration(ConfigFault)
    /// A parameter, by its name in the diffusers layout, that does not fit the configuration.
    case parameter(name: String, ParameterFault)
    /// What the source of the weights threw.
    case source(any Refusal)
    /// A precision that this processor cannot compute in.
    case precision
    /// Tile sizes that cannot be used.
    case tiling(TilingFault)
    /// A value that is NaN or infinite, or beyond what F16 holds.
    case outOfRange(ValueOutOfRange)
    /// Out of memory: this many more bytes were needed.
    case outOfMemory(bytes: Int)
    /// An output that takes more memory than the machine has.
    case outputTooLarge([Int])
    /// The progress handler asked to stop.
    case stopped

    /// What is wrong with the sizes of a tensor.
    public enum ShapeFault: Sendable, Equatable {
        /// They are not four positive numbers whose product can be counted.
        case sizes([Int])
        /// There are more or fewer values than the sizes ask for.
        case values(count: Int, sizes: [Int])
        /// An image has other channels than the network takes.
        case imageChannels(found: Int, expected: Int)
        /// A latent has other channels than the network makes.
        case latentChannels(found: Int, expected: Int)
        /// The sides of an image are not multiples of the network's compression.
        case sides(height: Int, width: Int, ratio: Int)
        /// More channels of the latent are asked for than there are, or none.
        case partialLatent(asked: Int, channels: Int)
        /// Some channels of the latent are asked for from a network whose shortcut is made for all of them.
        case partialShortcut
    }

    /// What is wrong with a parameter.
    public enum ParameterFault: Sendable, Equatable {
        /// There is none of that name.
        case missing
        /// It has other sizes.
        case shape(found: Shape, expected: Shape)
        /// The network cannot compute with its element type.
        case dtype(DType)
    }

    /// What is wrong with the sizes of tiles.
    public enum TilingFault: Sendable, Equatable {
        /// A tile or a stride is not a multiple of the network's compression.
        case noMultiple(side: String, tile: Int, stride: Int, ratio: Int)
        /// A stride is longer than a tile.
        case gaps(side: String, tile: Int, stride: Int)
    }
}

extension NetworkError: Equatable {
    /// Whether two errors say the same; another module's error is compared by its message.
    public static func == (a: NetworkError, b: NetworkError) -> Bool { a.description == b.description }
}

/// A value that is NaN or infinite, or beyond what F16 holds.
public struct ValueOutOfRange: Sendable {
    /// Where such a value is.
    public enum Place: Sendable, Equatable {
        /// In the image or latent that the network was given.
        case input(element: Int)
        /// In a parameter, by its name in the diffusers layout.
        case parameter(String, element: Int)
        /// In the output of a layer: the first layer whose output has one.
        case output(layer: String, channel: Int, row: Int, column: Int)
    }

    /// Where it is.
    public let place: Place
    /// The value.
    public let value: Float

    /// A value at a place.
    public init(_ value: Float, at place: Place) {
        self.value = value
        self.place = place
    }
}

extension NetworkError {
    /// The same in the words of this module's callers.
    init(_ error: KernelError) {
        switch error {
        case .outOfMemory(let bytes): self = .outOfMemory(bytes: bytes)
        case .outside(let layer, let value, let channel, let row, let column):
            let place = ValueOutOfRange.Place.output(layer: layer, channel: channel, row: row, column: column)
            self = .outOfRange(ValueOutOfRange(value, at: place))
        case .stopped: self = .stopped
        }
    }
}
