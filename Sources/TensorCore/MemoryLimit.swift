internal import Libc

/// How much memory there is for this process: what is asked for is held against it first, since an allocation that fails ends
/// the process, and one that succeeds beyond a control group's limit has the system end it.
package enum MemoryLimit {
    /// The least of the machine's memory, the limits of the control groups around this process, and the limit on its address space.
    package static let bytes = min(machine, controlGroups ?? .max, addressSpaceLimit ?? .max)

    /// Whether so many bytes may be asked for at once.
    ///
    /// Three quarters, since the program needs some for itself and what it reads passes through it as well.
    package static func allows(_ count: Int) -> Bool { count <= bytes / 4 * 3 && hasAddresses(count) }

    /// What the process needs beside its large pieces: stacks of threads, libraries that are loaded late, rows of pictures.
    package static let reserve = (64 << 20) + (16 << 20) * min(Machine.processorCount, 64)

    /// Whether so many bytes of addresses are left, and the reserve: `ulimit -v` counts what files are mapped to as well.
    ///
    /// The system is asked for them and given them back at once, untouched: an allocation that fails ends the process.
    package static func hasAddresses(_ count: Int) -> Bool {
        guard addressSpaceLimit != nil else { return true }
        let (size, overflow) = max(0, count).addingReportingOverflow(reserve)
        guard !overflow, let found = mmap(nil, size, PROT_NONE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0),
            found != MAP_FAILED
        else { return false }
        munmap(found, size)
        return true
    }

    private static let addressSpaceLimit = addressSpace

    private static var machine: Int {
        let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
        return pages > 0 && size > 0 ? pages.multipliedReportingOverflow(by: size).partialValue : .max
    }

    private static var controlGroups: Int? {
        text(of: "/proc/self/cgroup").flatMap { controlGroups($0, text(of:)) }
    }

    private static var addressSpace: Int? { text(of: "/proc/self/limits").flatMap(addressSpace) }

    /// The least limit of the groups that a process is in, and of those around them.
    ///
    /// - Parameters:
    ///   - groups: `/proc/self/cgroup`: lines of `0::/path` in version 2, and `9:memory:/path` in version 1.
    ///   - read: the text of a file, or nil where it cannot be read.
    package static func controlGroups(_ groups: String, _ read: (String) -> String?) -> Int? {
        var least: Int?
        for line in groups.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let isVersion2 = fields[0] == "0" && fields[1].isEmpty
            guard isVersion2 || fields[1].split(separator: ",").contains("memory") else { continue }
            let (root, file) =
                isVersion2 ? ("/sys/fs/cgroup", "memory.max") : ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            // Inside a container the path may be that of the host, of which only the root is there.
            var parts = fields[2].split(separator: "/")[...]
            while true {
                let folder = ([root] + parts.map(String.init)).joined(separator: "/")
                // "max" is none, and version 1 writes a number next to 2^63 for it.
                if let limit = read(folder + "/" + file).flatMap(number), limit < 1 << 60 {
                    least = min(least ?? .max, limit)
                }
                if parts.popLast() == nil { break }
            }
        }
        return least
    }

    /// The soft limit in `/proc/self/limits`; nil where it is `unlimited`.
    package static func addressSpace(_ limits: String) -> Int? {
        for line in limits.split(separator: "\n") where line.hasPrefix("Max address space") {
            return line.dropFirst("Max address space".count).split(separator: " ").first.flatMap { Int($0) }
        }
        return nil
    }

    private static func number(_ text: String) -> Int? {
        Int(text.prefix { $0 != "\n" && $0 != " " })
    }

    /// The beginning of a small file of the system's, which says its size is 0.
    private static func text(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 14)
        let count = read(descriptor, &bytes, bytes.count)
        return count >= 0 ? String(decoding: bytes[0..<count], as: UTF8.self) : nil
    }
}
