import DCAE
import Dispatch
import Synchronization
import TestSupport
import Testing

/// What is told while some work goes on.
final class Told: Sendable {
    private let all = Mutex<[Model.Progress]>([])

    func add(_ progress: Model.Progress) { all.withLock { $0.append(progress) } }

    /// The phases, each once, in order.
    var phases: [Model.Progress.Phase] {
        all.withLock { all in all.map(\.phase).reduce(into: []) { if $0.last != $1 { $0.append($1) } } }
    }

    /// Whether every phase grows to its total.
    var isOrderly: Bool {
        all.withLock { all in
            phasesOnce(all).allSatisfy { phase in
                let own = all.filter { $0.phase == phase }
                return own.last?.fraction == 1 && zip(own, own.dropFirst()).allSatisfy { $0.done <= $1.done }
            }
        }
    }

    private func phasesOnce(_ all: [Model.Progress]) -> Set<Model.Progress.Phase> { Set(all.map(\.phase)) }
}

/// A task that is cancelled ends soon, with CancellationError, and leaves nothing half done.
@Suite struct CancellationTests {
    /// Cancels some work in the middle of a phase: it is held there until its task has been cancelled.
    private func cancelled(
        at phase: Model.Progress.Phase,
        after count: Int = 1,
        _ work: @escaping @Sendable (@escaping Model.ProgressHandler) async throws -> Void
    ) async -> (any Error)? {
        let (reached, reach) = AsyncStream.makeStream(of: Void.self)
        let goOn = DispatchSemaphore(value: 0)
        let seen = Atomic(0)
        let task = Task {
            try await work { progress in
                guard progress.phase == phase, seen.wrappingAdd(1, ordering: .relaxed).newValue == count else { return }
                reach.yield()
                goOn.wait()
            }
            reach.finish()
        }
        for await _ in reached { break }
        task.cancel()
        goOn.signal()
        do {
            try await task.value
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [Model.Progress.Phase.writing, .checking]) func conversion(phase: Model.Progress.Phase)
        async throws
    {
        let folder = try TemporaryFolder()
        let model = try await Model.open(Tiny.diffusers("v15"))
        let end = await cancelled(at: phase) { progress in
            try await model.convert(to: folder("out"), .init(layout: .original), progress: progress)
        }
        #expect(end is CancellationError)
        #expect(folder.contents("").isEmpty)
        // What was there stays as it was.
        try await model.convert(to: folder("out"), .init(layout: .original))
        let before = try Fixtures.bytes(folder("out/model.safetensors"))
        let again = await cancelled(at: phase) { progress in
            var target = Model.Target(layout: .original, format: .fp16)
            target.overwrite = true
            try await model.convert(to: folder("out"), target, progress: progress)
        }
        #expect(again is CancellationError)
        #expect(folder.contents("out") == ["config.json", "model.safetensors"])
        #expect(try Fixtures.bytes(folder("out/model.safetensors")) == before)
    }

    @Test func reading() async throws {
        let model = try await Model.open(Tiny.diffusers("v15"))
        let ends = [
            await cancelled(at: .reading) { _ = try await model.verify(progress: $0) },
            await cancelled(at: .reading) { _ = try await model.hash(progress: $0) },
            await cancelled(at: .reading) { _ = try await model.diff(model, progress: $0) },
            await cancelled(at: .reading) { _ = try await model.inspect(statistics: true, progress: $0) },
        ]
        #expect(ends.allSatisfy { $0 is CancellationError }, "\(ends)")
    }

    @Test func network() async throws {
        let model = try await Model.open(Tiny.diffusers("sana"))
        let picture = Picture.landscape(width: 256, height: 256)
        let encoding = await cancelled(at: .computing, after: 3) { _ = try await model.encode(picture, progress: $0) }
        #expect(encoding is CancellationError)
        let latent = try await model.encode(picture)
        let decoding = await cancelled(at: .computing, after: 3) { _ = try await model.decode(latent, progress: $0) }
        #expect(decoding is CancellationError)
        // The same network goes on working.
        #expect(try await model.encode(picture) == latent)
    }

    /// What was done before stays; the rest is not there, and the next run makes it.
    @Test func files() async throws {
        let folder = try TemporaryFolder()
        for index in 0..<4 {
            try folder.write("photos/p\(index).png", try Picture.landscape(width: 64, height: 64).png())
        }
        let model = try await Model.open(Tiny.diffusers("sana"))
        let (reached, reach) = AsyncStream.makeStream(of: Void.self)
        let goOn = DispatchSemaphore(value: 0)
        let isHeld = Atomic(false)
        let task = Task {
            try await model.encode(files: [folder("photos")], to: .init(folder("out"))) { progress in
                guard progress.done > 1000, !isHeld.exchange(true, ordering: .relaxed) else { return }
                reach.yield()
                goOn.wait()
            }
        }
        for await _ in reached { break }
        task.cancel()
        goOn.signal()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(folder.contents("out") == ["p0.safetensors"])
        var output = Model.FileOutput(folder("out"))
        output.resume = true
        let run = try await model.encode(files: [folder("photos")], to: output)
        #expect(run.doneBefore == 1 && run.items.count == 3 && folder.contents("out").count == 4)
    }

    @Test func beforeItBegins() async throws {
        let folder = try TemporaryFolder()
        let model = try await Model.open(Tiny.diffusers("f32"))
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            try await model.convert(to: folder("out"))
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(folder.contents("").isEmpty)
    }
}
