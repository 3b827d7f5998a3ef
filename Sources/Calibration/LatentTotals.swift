package import DCAENetwork
internal import TensorCore

/// What was summed over latents: of each channel, and of each picture.
///
/// A picture's sums are made in double precision in the order of its values; what goes beyond one picture is exact, so
/// that totals do not depend on the order of pictures, nor on which of them were measured together. Memory grows by a
/// picture's name and two numbers, whatever the size of latents.
package struct LatentTotals: Sendable, Equatable {
    /// A channel over all pictures.
    package struct Channel: Sendable, Equatable {
        /// The sum of its values.
        package var sum = ExactSum()
        /// The sum of their squares.
        package var squares = ExactSum()
        /// The least value; infinity where there is none yet.
        package var minimum = Double.infinity
        /// The largest value; minus infinity where there is none yet.
        package var maximum = -Double.infinity
    }

    /// A picture over all channels.
    package struct Picture: Sendable, Equatable {
        /// Its key.
        package let key: String
        /// The SHA-256 of its file; empty where an earlier version kept none.
        package let digest: String
        /// The sum of its latent's values.
        package let sum: Double
        /// The sum of their squares.
        package let squares: Double

        package init(key: String, digest: String = "", sum: Double, squares: Double) {
            (self.key, self.digest, self.sum, self.squares) = (key, digest, sum, squares)
        }
    }

    /// The channels.
    package var channels: [Channel]
    /// The pictures that were measured.
    package var pictures: [Picture] = []
    /// Those that could not be.
    package var unreadable: [Unreadable] = []

    /// Totals of nothing yet.
    package init(channelCount: Int) {
        channels = [Channel](repeating: Channel(), count: channelCount)
    }

    /// Adds the latent of a picture: [1, C, h, w].
    ///
    /// - Parameter digest: the SHA-256 of the picture's file.
    /// - Returns: how many of its values are NaN or infinite; if any is, nothing was added.
    package mutating func add(_ key: String, digest: String, _ latent: FloatTensor) -> Int {
        precondition(latent.batch == 1 && latent.channels == channels.count, "one latent with as many channels")
        let area = latent.height * latent.width
        let parts = latent.values.withUnsafeBufferPointer { values in
            channels.indices.map { Self.sums(UnsafeBufferPointer(rebasing: values[($0 * area)..<(($0 + 1) * area)])) }
        }
        let oddCount = parts.reduce(0) { $0 + $1.oddCount }
        guard oddCount == 0 else { return oddCount }
        var (sum, squares) = (0.0, 0.0)
        for (index, part) in parts.enumerated() {
            channels[index].sum.add(part.sum)
            channels[index].squares.add(part.squares)
            channels[index].minimum = min(channels[index].minimum, part.minimum)
            channels[index].maximum = max(channels[index].maximum, part.maximum)
            sum += part.sum
            squares += part.squares
        }
        pictures.append(Picture(key: key, digest: digest, sum: sum, squares: squares))
        return 0
    }

    private struct Part {
        var sum = 0.0
        var squares = 0.0
        var minimum = Double.infinity
        var maximum = -Double.infinity
        var oddCount = 0
    }

    private static func sums(_ values: UnsafeBufferPointer<Float>) -> Part {
        var part = Part()
        for value in values {
            let value = Double(value)
            if !value.isFinite { part.oddCount += 1 }
            part.sum += value
            part.squares += value * value
            part.minimum = min(part.minimum, value)
            part.maximum = max(part.maximum, value)
        }
        return part
    }

    /// Adds the totals of other pictures.
    package mutating func add(_ other: LatentTotals) {
        for (index, channel) in other.channels.enumerated() {
            channels[index].sum.add(channel.sum)
            channels[index].squares.add(channel.squares)
            channels[index].minimum = min(channels[index].minimum, channel.minimum)
            channels[index].maximum = max(channels[index].maximum, channel.maximum)
        }
        pictures += other.pictures
        unreadable += other.unreadable
    }

    /// Brings pictures into the order of their keys, in which all that is derived from them is computed.
    package mutating func sort() {
        pictures.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        unreadable.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }
}
