internal import CKernels

/// What the machine has.
package enum Machine {
    /// Processors that the process may run on, and no more than its control group's quota comes to; at least 1.
    package static var processorCount: Int { Int(dcae_processor_count()) }

    /// The memory that the process can have, in bytes: of the machine, and within its limits.
    package static var memoryBytes: Int { MemoryLimit.bytes }

    /// The processors that quotas of control groups come to, rounded up; nil where there is none.
    ///
    /// - Parameters:
    ///   - membership: the text of /proc/self/cgroup.
    ///   - mount: the folder where control groups are mounted.
    package static func quota(membership: String, mount: String) -> Int? {
        let count = Int(dcae_quota_processors(membership, mount))
        return count > 0 ? count : nil
    }
}
