internal import TensorCore

/// What the machine has.
public enum ProcessorCount {
    /// Processors that the process is allowed to run on, and no more than its control group's quota comes to; at least 1.
    public static var available: Int { Machine.processorCount }
}
