import LinearAlgebra
import TensorCore
import Testing

/// Whole numbers, whose products and sums are exact in either precision.
private func numbers(_ count: Int, seed: Int) -> [Double] {
    (0..<count).map { Double(($0 * 37 + seed * 101) % 15 - 7) }
}

private func transposed(_ values: [Double], rows: Int, columns: Int) -> [Double] {
    (0..<(rows * columns)).map { values[$0 % rows * columns + $0 / rows] }
}

/// alpha a b + beta c, as the definition has it.
private func product(
    _ a: [Double],
    _ b: [Double],
    _ c: [Double],
    _ sizes: (m: Int, n: Int, k: Int),
    alpha: Double,
    beta: Double
) -> [Double] {
    (0..<(sizes.m * sizes.n)).map { index in
        let (row, column) = (index / sizes.n, index % sizes.n)
        let sum = (0..<sizes.k).reduce(0.0) { $0 + a[row * sizes.k + $1] * b[$1 * sizes.n + column] }
        return alpha * sum + beta * c[index]
    }
}

@Suite struct LinearAlgebraTests {
    let library: LinearAlgebra

    init() throws { library = try LinearAlgebra.load() }

    @Test(arguments: [(1, 1, 1), (2, 3, 4), (7, 5, 1), (33, 17, 65), (4, 0, 3), (3, 2, 0)], [0, 1, 2, 3])
    func productsAreExact(sizes: (Int, Int, Int), transposes: Int) {
        let (m, n, k) = sizes
        let (a, b, c) = (numbers(m * k, seed: 1), numbers(k * n, seed: 2), numbers(m * n, seed: 3))
        let storedA = transposes & 1 == 0 ? a : transposed(a, rows: m, columns: k)
        let storedB = transposes & 2 == 0 ? b : transposed(b, rows: k, columns: n)
        let expected = product(a, b, c, (m, n, k), alpha: 2, beta: -1)

        func check<Element: BinaryFloatingPoint>(
            _ convert: (Double) -> Element,
            _ multiply: (Matrix<Element>, Matrix<Element>, UnsafeMutablePointer<Element>) -> Void
        ) {
            let (left, right) = (storedA.map(convert) + [0], storedB.map(convert) + [0])
            var result = c.map(convert) + [0]
            left.withUnsafeBufferPointer { left in
                right.withUnsafeBufferPointer { right in
                    result.withUnsafeMutableBufferPointer { result in
                        guard let left = left.baseAddress, let right = right.baseAddress, let to = result.baseAddress
                        else { return }
                        multiply(
                            transposes & 1 == 0
                                ? Matrix(left, rows: m, columns: k)
                                : Matrix(left, rows: k, columns: m).transposed,
                            transposes & 2 == 0
                                ? Matrix(right, rows: k, columns: n)
                                : Matrix(right, rows: n, columns: k).transposed,
                            to
                        )
                    }
                }
            }
            #expect(result.dropLast().map { Double($0) } == expected)
        }
        check({ Float($0) }) { library.multiply($0, $1, into: $2, alpha: 2, beta: -1) }
        check({ $0 }) { library.multiply($0, $1, into: $2, alpha: 2, beta: -1) }
    }

    @Test func whatAResultHeldBeforeDoesNotMatterWhereBetaIsZero() {
        let a: [Double] = [1, 2, 3, 4]
        var c = [Double](repeating: .nan, count: 6)
        // Rows of three, of which the third is not touched.
        library.multiply(Matrix(a, rows: 2, columns: 2), Matrix(a, rows: 2, columns: 2), into: &c, stride: 3)
        #expect(c[0] == 7 && c[1] == 10 && c[3] == 15 && c[4] == 22)
        #expect(c[2].isNaN && c[5].isNaN)
    }

    @Test func aProductWithTheOwnTransposeIsWholeAndSymmetric() {
        let (n, k) = (5, 9)
        let a = numbers(n * k, seed: 4)
        let expected = product(
            a,
            transposed(a, rows: n, columns: k),
            [Double](repeating: 1, count: n * n),
            (n, n, k),
            alpha: 0.5,
            beta: 4
        )
        var plain = [Double](repeating: 1, count: n * n)
        library.multiplyByOwnTranspose(Matrix(a, rows: n, columns: k), into: &plain, alpha: 0.5, beta: 4)
        #expect(plain == expected)
        let columns = transposed(a, rows: n, columns: k)
        var turned = [Double](repeating: 1, count: n * n)
        library.multiplyByOwnTranspose(
            Matrix(columns, rows: k, columns: n).transposed,
            into: &turned,
            alpha: 0.5,
            beta: 4
        )
        #expect(turned == expected)
    }

    /// The second difference on a line, whose eigenvalues are known: 2 − 2 cos(π j / (n + 1)).
    @Test func eigenvaluesOfTheSecondDifference() throws {
        let n = 60
        var matrix = [Double](repeating: 0, count: n * n)
        for i in 0..<n {
            matrix[i * n + i] = 2
            if i > 0 {
                matrix[i * n + i - 1] = -1
                matrix[(i - 1) * n + i] = -1
            }
        }
        let found = try library.symmetricEigen(matrix, rows: n)
        for j in 0..<n {
            #expect(abs(found.values[j] - (2 - 2 * cosine(.pi * Double(j + 1) / Double(n + 1)))) < 1e-13)
            let vector = Array(found.vectors[(j * n)..<((j + 1) * n)])
            #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-13)
            for i in 0..<n {
                let image = (0..<n).reduce(0.0) { $0 + matrix[i * n + $1] * vector[$1] }
                #expect(abs(image - found.values[j] * vector[i]) < 1e-12)
            }
        }
        let alone = try library.symmetricEigen(matrix, rows: n, wantsVectors: false)
        #expect(alone.vectors.isEmpty)
        #expect(zip(alone.values, found.values).allSatisfy { abs($0 - $1) < 1e-13 })
    }

    @Test func whatHasNoEigenvaluesIsRefused() throws {
        #expect(throws: LinearAlgebraError.notFinite) { try library.symmetricEigen([1, .nan, .nan, 1], rows: 2) }
        #expect(try library.symmetricEigen([], rows: 0).values.isEmpty)
        #expect(try library.symmetricEigen([-3], rows: 1).vectors.map(abs) == [1])
    }

    /// Threads of our own pool call it at the same time; each product must be as if alone.
    @Test func callsFromManyThreads() {
        let n = 64
        let a = numbers(n * n, seed: 5)
        let expected = product(a, a, a, (n, n, n), alpha: 1, beta: 0)
        let pool = ThreadPool(count: 8)
        var results = [Double](repeating: 0, count: 40 * n * n)
        results.withUnsafeMutableBufferPointer { results in
            guard let base = results.baseAddress else { return }
            nonisolated(unsafe) let to = base
            a.withUnsafeBufferPointer { a in
                guard let from = a.baseAddress else { return }
                nonisolated(unsafe) let matrix = Matrix(from, rows: n, columns: n)
                pool.run(40) { task, _ in library.multiply(matrix, matrix, into: to + task * n * n) }
            }
        }
        for task in 0..<40 { #expect(Array(results[(task * n * n)..<((task + 1) * n * n)]) == expected) }
    }

    private func cosine(_ x: Double) -> Double {
        // The half angle makes the series short.
        let y = x / 16
        var (term, sum) = (1.0, 1.0)
        for k in stride(from: 2.0, to: 22, by: 2) {
            term *= -y * y / (k * (k - 1))
            sum += term
        }
        for _ in 0..<4 { sum = 2 * sum * sum - 1 }
        return sum
    }
}

@Suite struct CoreTypeTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let asked: String?
        let best: InstructionSet
        let available: [InstructionSet]
        let expected: String?

        init(_ asked: String?, _ best: InstructionSet, _ available: [InstructionSet], _ expected: String?) {
            self.asked = asked
            self.best = best
            self.available = available
            self.expected = expected
        }

        var testDescription: String { "\(asked ?? "-") with \(best) of \(available.count)" }
    }

    @Test(arguments: [
        Case(nil, .avx512, [.baseline, .avx, .avx2, .avx512], "SkylakeX"),
        Case(nil, .avx2, [.baseline, .avx, .avx2], "Haswell"),
        Case(nil, .avx2, [.baseline, .avx, .avx2, .avx512], "Haswell"),
        // DCAE_ISA=baseline shows what a processor of that kind does.
        Case(nil, .baseline, [.baseline, .avx, .avx2], "Nehalem"),
        // Where nothing more is known of a processor, the library knows more.
        Case(nil, .baseline, [.baseline], nil),
        // The user's word counts, unless the processor would trap.
        Case("Sandybridge", .avx512, [.baseline, .avx, .avx2, .avx512], "Sandybridge"),
        Case("ZEN", .avx512, [.baseline, .avx, .avx2, .avx512], "ZEN"),
        Case("SKYLAKEX", .avx2, [.baseline, .avx, .avx2], "Haswell"),
        Case("Haswell", .baseline, [.baseline], nil),
        Case(nil, .avx, [.baseline, .avx, .avx2, .avx512], "Sandybridge"),
        Case(nil, .avx, [.baseline, .avx], nil),
        Case("Haswell", .avx, [.baseline, .avx], nil),
        Case("Sandybridge", .avx, [.baseline, .avx], "Sandybridge"),
    ])
    func coresFollowTheProcessor(_ example: Case) {
        #expect(
            CoreType.name(asked: example.asked, best: example.best, available: example.available) == example.expected
        )
    }
}
