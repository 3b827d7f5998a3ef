internal import CKernels
internal import Libc

/// A chain of operations in which rows flow: each operation runs as soon as its inputs hold a step's worth of rows, and
/// of the images between them only those rows are kept that are still needed.
///
/// An order of steps is found first, on numbers alone, and with it how many rows each image must hold. Results do not
/// depend on the steps: every operation makes a row in the same way wherever a step begins.
package struct Pipeline {
    private var operations: [any RowOperation] = []

    /// An empty chain.
    package init() {}

    /// Whether there is nothing to run.
    package var isEmpty: Bool { operations.isEmpty }

    /// Appends an operation that reads what earlier ones write, or images kept whole.
    package mutating func append(_ operation: any RowOperation) { operations.append(operation) }

    private struct Step {
        let index: Int
        let y0: Int
        let y1: Int
    }

    /// Runs all operations to their end, and empties the chain.
    package mutating func run(_ engine: Engine) throws(KernelError) {
        defer { operations.removeAll() }
        let (steps, capacities) = plan(engine)
        var counts = [Int](repeating: 0, count: operations.count)
        for step in steps { counts[step.index] += 1 }
        for (index, operation) in operations.enumerated() {
            if let output = operation.output { try output.allocate(rows: capacities[index], in: engine.arena) }
        }
        var seconds = [Double](repeating: 0, count: operations.count)
        for (index, operation) in operations.enumerated() {
            let start = clock(engine)
            try operation.prepare(engine, steps: counts[index])
            seconds[index] += clock(engine) - start
        }
        for step in steps {
            let operation = operations[step.index]
            let start = clock(engine)
            try operation.run(engine, step.y0, step.y1)
            seconds[step.index] += clock(engine) - start
            if let limit = engine.limit, let output = operation.output {
                try check(output, step.y0..<step.y1, limit, operation.name)
            }
            if let observe = engine.observe, operation.isFinal, let output = operation.output {
                try observe(operation.name, output, step.y0..<step.y1)
            }
            try engine.progress?(
                operation.operations * Double(step.y1 - step.y0) / Double(max(1, operation.outputHeight))
            )
        }
        for (index, operation) in operations.enumerated() {
            let start = clock(engine)
            operation.finish(engine)
            seconds[index] += clock(engine) - start
            operation.output?.release()
            if engine.isProfiling { record(operation, seconds[index], engine) }
        }
    }

    /// The order of steps, and the rows that each operation's output must hold.
    private func plan(_ engine: Engine) -> (steps: [Step], capacities: [Int]) {
        var produced = [Int](repeating: 0, count: operations.count)
        var capacities = [Int](repeating: 1, count: operations.count)
        var steps: [Step] = []
        // The operations that read what operation i writes.
        let readers = operations.map { writer in
            operations.enumerated().flatMap { index, reader in
                reader.inputs.filter { $0.rows === writer.output }.map { (index, $0) }
            }
        }
        let writers = operations.enumerated().map { index, reader in
            reader.inputs.map { input in operations[..<index].lastIndex { $0.output === input.rows } }
        }
        while true {
            var chosen: Step?
            for index in operations.indices.reversed() where produced[index] < operations[index].outputHeight {
                let operation = operations[index]
                // By itself, an operation has nobody to share rows with.
                let rows = operations.count == 1 ? operation.outputHeight : operation.stepRows(engine)
                let wanted = min(produced[index] + rows, operation.outputHeight)
                let ready = zip(operation.inputs, writers[index]).allSatisfy { input, writer in
                    guard let writer else { return true }
                    return input.high(wanted) <= produced[writer]
                }
                if ready {
                    chosen = Step(index: index, y0: produced[index], y1: wanted)
                    break
                }
            }
            guard let step = chosen else { break }
            steps.append(step)
            produced[step.index] = step.y1
            let kept = readers[step.index].map { reader, input in input.low(produced[reader]) }.min() ?? step.y0
            capacities[step.index] = max(capacities[step.index], step.y1 - min(kept, step.y0))
        }
        for (index, operation) in operations.enumerated() where operation.output?.isWhole == true {
            capacities[index] = operation.outputHeight
        }
        return (steps, capacities)
    }

    private func clock(_ engine: Engine) -> Double {
        guard engine.isProfiling else { return 0 }
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
    }

    private func record(_ operation: any RowOperation, _ seconds: Double, _ engine: Engine) {
        var bytes = operation.weightBytes
        for input in operation.inputs { bytes += 4 * Double(input.rows.height * input.rows.rowFloats) }
        if let output = operation.output { bytes += 4 * Double(output.height * output.rowFloats) }
        engine.profile.append(
            LayerProfile(
                name: operation.name,
                algorithm: operation.algorithm,
                seconds: seconds,
                operations: operation.operations,
                bytes: bytes,
                outputSize: operation.output.map { [$0.height, $0.width, $0.channels] } ?? []
            )
        )
    }

    private func check(_ rows: Rows, _ range: Range<Int>, _ limit: Float, _ name: String) throws(KernelError) {
        for y in range {
            let row = rows.row(y)
            let index = dcae_first_outside(row, rows.rowFloats, limit)
            guard index < rows.rowFloats else { continue }
            throw KernelError.outside(
                layer: name,
                value: row[index],
                channel: index % rows.paddedChannels,
                row: y,
                column: index / rows.paddedChannels
            )
        }
    }
}
