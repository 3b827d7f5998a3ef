internal import Kernels

/// What the machine has.
public enum ProcessorCount {
    /// Processors that are online and that the process is allowed to run on; at least 1.
    public static var available: Int { ThreadPool.processorCount }

    /// The memory of the machine, in bytes.
    static var memoryBytes: Int { ThreadPool.memoryBytes }
}
