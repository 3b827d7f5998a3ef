internal import Kernels

/// How many processors this process may use.
public enum ProcessorCount {
    /// Processors that are online and that the process is allowed to run on; at least 1.
    public static var available: Int { ThreadPool.processorCount }
}
