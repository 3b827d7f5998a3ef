internal import CKernels
package import TensorCore

/// What one step of the network cost.
public struct LayerProfile: Sendable, Equatable {
    /// The layer, by its module path in diffusers.
    public var name: String
    /// How it was computed, as in `winograd F(4,3)`.
    public var algorithm: String
    /// The seconds spent.
    public var seconds: Double
    /// Floating-point operations, as direct computation would have them.
    public var operations: Double
    /// Bytes of input, output and weights.
    public var bytes: Double
    /// The size of the output: height, width, channels.
    public var outputSize: [Int]

    package init(
        name: String,
        algorithm: String,
        seconds: Double,
        operations: Double,
        bytes: Double,
        outputSize: [Int]
    ) {
        (self.name, self.algorithm, self.seconds) = (name, algorithm, seconds)
        (self.operations, self.bytes, self.outputSize) = (operations, bytes, outputSize)
    }
}

/// What all operations of one computation share: threads, memory, the loops' code, checks and measurements.
package final class Engine {
    package let pool: ThreadPool
    package let arena = Arena()
    /// The instruction set in use.
    package let instructionSet: InstructionSet
    let kernels: dcae_network_kernels
    /// The loops whose products multiply bf16, where this precision was asked for.
    let bf16Kernels: dcae_network_kernels?
    /// The bound on activations, where they are to be checked.
    package var limit: Float?
    /// Whether the time of every operation is taken.
    package var isProfiling = false
    /// The measurements, one for each operation.
    package var profile: [LayerProfile] = []
    /// Called after every step with the operations done; what it throws ends the computation.
    package var progress: ((_ operations: Double) throws(KernelError) -> Void)?
    /// Called with a layer's name, the image that it puts out, and the rows of it that have just been made.
    package var observe: ((_ layer: String, _ image: Rows, _ rows: Range<Int>) throws(KernelError) -> Void)?
    /// The bytes that an image may take to be kept whole although rows of it would do.
    package var wholeLimit = 72 << 20
    /// The bytes of input or output that a step should take, roughly: enough for every thread, little enough to stay
    /// in the cache until the next operation reads them.
    package var stepBytes = 4 << 20

    /// Rows of so many floats that make up `parts` steps' bytes; at least one.
    func rows(of floats: Int, steps parts: Int = 1) -> Int { max(1, parts * stepBytes / (4 * max(1, floats))) }

    private var scratch: [FloatBuffer?]
    private var zeroBuffers: [FloatBuffer] = []

    /// An engine with so many threads.
    package init(threads: Int, instructionSet: InstructionSet, precision: Precision = .f32) {
        pool = ThreadPool(count: threads)
        self.instructionSet = instructionSet
        kernels = instructionSet.kernels.pointee.network
        bf16Kernels = precision == .bf16 ? instructionSet.bf16Kernels?.pointee : nil
        scratch = Array(repeating: nil, count: pool.count)
    }

    /// Makes sure that every thread has `count` floats to itself.
    func reserveScratch(_ count: Int) throws(KernelError) {
        for index in scratch.indices where (scratch[index]?.count ?? 0) < count {
            scratch[index] = nil
            scratch[index] = try arena.floats(count)
        }
    }

    func scratch(of worker: Int) -> UnsafeMutablePointer<Float> {
        guard let buffer = scratch[worker] else { preconditionFailure("scratch was reserved") }
        return buffer.base
    }

    /// At least `count` zeros, which stay where they are until the memory is released.
    func zeros(_ count: Int) throws(KernelError) -> UnsafeMutablePointer<Float> {
        if let buffer = zeroBuffers.last, buffer.count >= count { return buffer.base }
        let buffer = try arena.floats(max(count, 1 << 14))
        buffer.clear()
        zeroBuffers.append(buffer)
        return buffer.base
    }

    /// Gives up the memory that is kept between computations.
    package func releaseMemory() {
        scratch = Array(repeating: nil, count: pool.count)
        zeroBuffers = []
        arena.releaseMemory()
    }
}
