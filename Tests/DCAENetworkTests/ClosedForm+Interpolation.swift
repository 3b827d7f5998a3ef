/// The part for decoders that upsample by nearest neighbour.
extension ClosedForm {
    /// The weight of the mean of the block before (-1), the block (0) or the block after (1) at a pixel of the parabola
    /// whose means over the three blocks they are.
    private func parabola(_ tap: Int, _ pixel: Int) -> Double {
        let place = (Double(pixel) + 0.5) / Double(block) - 0.5
        let square = place * place - (1 - 1 / Double(block * block)) / 12
        return [(square - place) / 2, 1 - square, (square + place) / 2][tap + 1]
    }

    /// Values with, along one side, whatever the parabola predicts taken off the frequencies above 0.
    private func unpredicted(_ values: Planes, isDown: Bool) -> Planes {
        var result = values
        for frequency in 1..<block {
            let weights = (-1...1).map { tap in
                (0..<block).reduce(0) { $0 + 2 * wave(frequency, $1) * parabola(tap, $1) / Double(block) }
            }
            for other in 0..<block {
                let (index, mean) =
                    isDown ? (frequency * block + other, other) : (other * block + frequency, other * block)
                for y in 0..<values.height {
                    for x in 0..<values.width {
                        for tap in -1...1 {
                            let neighbour = isDown ? values.padded(mean, y + tap, x) : values.padded(mean, y, x + tap)
                            result[index, y, x] -= weights[tap + 1] * neighbour
                        }
                    }
                }
            }
        }
        return result
    }

    /// The value of a cell: of the parabola through the means, and of the other frequencies, each less its mean over the
    /// block and the two beside it.
    private func synthesis(cells: Int) -> [[[Double]]] {
        let width = block / cells
        return (0..<cells).map { cell in
            (0..<block).map { frequency in
                (-1...1).map { tap in
                    (0..<width).reduce(0) { sum, pixel in
                        let place = cell * width + pixel
                        let value =
                            frequency == 0
                            ? parabola(tap, place) : wave(frequency, place) * ((tap == 0 ? 1 : 0) - 1 / 3.0)
                        return sum + value / Double(width)
                    }
                }
            }
        }
    }

    func interpolated(_ planes: Planes) -> (planes: Planes, constants: Planes?) {
        let cells = cells ?? 1
        let (rows, columns) = (planes.height / block * cells, planes.width / block * cells)
        let taps = synthesis(cells: cells)
        var grid = Planes(planes.count + 1, rows, columns)
        for plane in 0..<planes.count {
            let latent = unpredicted(unpredicted(transformed(planes, plane), isDown: true), isDown: false)
            for (down, across) in Self.frequencies(counts[plane], block: block) {
                for y in 0..<rows {
                    for x in 0..<columns {
                        for i in 0..<9 {
                            let weight = taps[y % cells][down][i / 3] * taps[x % cells][across][i % 3]
                            let value = latent.padded(
                                down * block + across,
                                y / cells + i / 3 - 1,
                                x / cells + i % 3 - 1
                            )
                            grid[plane, y, x] += weight * value
                        }
                    }
                }
            }
        }
        // The last plane is 1 everywhere, and shows what the borders take away.
        for y in 0..<rows { for x in 0..<columns { grid[planes.count, y, x] = 1 } }
        while grid.width < planes.width / normed { grid = doubled(grid) }
        let count = planes.count * grid.height * grid.width
        return (
            Planes(planes.count, grid.height, grid.width, Array(grid.values[..<count])),
            Planes(1, grid.height, grid.width, Array(grid.values[count...]))
        )
    }

    /// Interpolation to twice the size, three quarters of the nearest value and a quarter of the next, with zeros around.
    private func doubled(_ grid: Planes) -> Planes {
        var result = Planes(grid.count, 2 * grid.height, 2 * grid.width)
        for plane in 0..<grid.count {
            for y in 0..<result.height {
                for x in 0..<result.width {
                    let (nearY, nearX) = (y / 2, x / 2)
                    let (nextY, nextX) = (nearY + (y % 2 == 0 ? -1 : 1), nearX + (x % 2 == 0 ? -1 : 1))
                    let near = 0.75 * grid[plane, nearY, nearX] + 0.25 * grid.padded(plane, nearY, nextX)
                    let next = 0.75 * grid.padded(plane, nextY, nearX) + 0.25 * grid.padded(plane, nextY, nextX)
                    result[plane, y, x] = 0.75 * near + 0.25 * next
                }
            }
        }
        return result
    }

    /// The last norm: values stand beside their opposites, and 64 in all other channels.
    func normalized(_ planes: Planes, constants: Planes?) -> Planes {
        let isDoubled = cells != nil
        let inner = isDoubled ? 1 : normed
        // A plane of means alone has one value for all pixels of a block that the norm sees as one.
        let repeats = counts.map { $0 == 1 ? inner * inner : 1 }
        let used = repeats.reduce(0) { $0 + 2 * inner * inner / $1 }
        let share = Double(channels - used) / Double(channels)
        let side = isDoubled ? normed : 1
        var result = Planes(planes.count, planes.height * side, planes.width * side)
        for y in stride(from: 0, to: planes.height, by: inner) {
            for x in stride(from: 0, to: planes.width, by: inner) {
                let fading = constants?[0, y, x] ?? 1
                var squares = 0.0
                for plane in 0..<planes.count {
                    for i in 0..<(inner * inner) {
                        let value = planes[plane, y + i / inner, x + i % inner]
                        squares += 2 * value * value / Double(repeats[plane])
                    }
                }
                let mean = share * 64 * 64 * fading * fading + squares / Double(channels) + 1e-5
                let factor = 64 * share.squareRoot() / mean.squareRoot()
                for plane in 0..<planes.count {
                    for i in 0..<(inner * inner * side * side) {
                        let (dy, dx) = (i / (inner * side), i % (inner * side))
                        result[plane, y * side + dy, x * side + dx] =
                            factor * planes[plane, y + dy / side, x + dx / side]
                    }
                }
            }
        }
        return result
    }
}
