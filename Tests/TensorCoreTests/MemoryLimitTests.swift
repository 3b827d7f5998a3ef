import TensorCore
import Testing

/// The memory that a control group allows, as the files of the system say it.
@Suite struct MemoryLimitTests {
    @Test func theLeastLimitOnTheWayUpCounts() {
        let files = [
            "/sys/fs/cgroup/a/b/memory.max": "max\n", "/sys/fs/cgroup/a/memory.max": "1073741824\n",
            "/sys/fs/cgroup/memory.max": "2147483648\n",
        ]
        #expect(MemoryLimit.controlGroups("0::/a/b\n") { files[$0] } == 1 << 30)
        // In a container the path may be the host's, and only the root is there.
        #expect(MemoryLimit.controlGroups("0::/elsewhere/x\n") { files[$0] } == 2 << 30)
        #expect(MemoryLimit.controlGroups("0::/a/b\n") { _ in nil } == nil)
    }

    @Test func versionOneIsRead() {
        let files = [
            "/sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes": "536870912\n",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        ]
        let groups = "11:cpuset:/docker/x\n9:memory,hugetlb:/docker/x\n1:name=systemd:/docker/x\n"
        #expect(MemoryLimit.controlGroups(groups) { files[$0] } == 512 << 20)
        #expect(MemoryLimit.controlGroups("9:memory:/other\n") { files[$0] } == nil)
    }

    @Test func theAddressSpaceIsReadFromTheLimits() {
        let head = "Limit                     Soft Limit           Hard Limit           Units     \n"
        let line = { (soft: String) in
            head + "Max address space         \(soft)            unlimited            bytes     \n"
        }
        #expect(MemoryLimit.addressSpace(line("536870912")) == 512 << 20)
        #expect(MemoryLimit.addressSpace(line("unlimited")) == nil)
        #expect(MemoryLimit.addressSpace("") == nil)
    }

    @Test func thereIsSomeMemory() {
        #expect(MemoryLimit.bytes > 100 << 20)
        #expect(MemoryLimit.allows(1) && !MemoryLimit.allows(.max))
    }
}

@Suite struct NearestTests {
    @Test func theNearestIsFoundAndTiesGoToTheFirst() {
        #expect(nearest(to: "latnet", among: ["image", "latent", "sample"]) == "latent")
        #expect(nearest(to: "abd", among: ["abc", "abe"]) == "abc")
        #expect(nearest(to: "encoder", among: ["x", "decoder"]) == "decoder")
        #expect(nearest(to: "zzz", among: ["image"]) == nil)
        #expect(nearest(to: "IMAGE", among: ["image"]) == "image")
    }

    @Test(.timeLimit(.minutes(1))) func manyLongNamesTakeNoTime() {
        let names = (0..<200_000).map { String(repeating: "k", count: 180) + String($0) }
        let start = ContinuousClock.now
        _ = nearest(to: String(repeating: "x", count: 190), among: names)
        #expect(ContinuousClock.now - start < .seconds(10))
    }
}
