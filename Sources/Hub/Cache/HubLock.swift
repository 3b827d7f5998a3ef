internal import CheckpointIO
internal import Libc

/// A lock that huggingface_hub takes too: flock on a file, which the system ends with the program that holds it.
final class HubLock {
    private let descriptor: Int32
    /// False where the file system has no such locks.
    let isHeld: Bool

    private init(descriptor: Int32, isHeld: Bool) {
        self.descriptor = descriptor
        self.isHeld = isHeld
    }

    deinit {
        // The file stays: whoever waits for it has it open.
        if descriptor >= 0 { close(descriptor) }
    }

    /// Takes a lock that nobody holds; nil where somebody does.
    static func take(_ path: String) throws(CheckpointError) -> HubLock? {
        let descriptor = System.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o664)
        guard descriptor >= 0 else { throw System.failure(path, "open") }
        // As huggingface_hub does, so that a group of users can share a cache. Another's file cannot be changed, nor need be.
        fchmod(descriptor, 0o664)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK:
                close(descriptor)
                return nil
            default: return HubLock(descriptor: descriptor, isHeld: false)
            }
        }
        return HubLock(descriptor: descriptor, isHeld: true)
    }

    /// Waits for a lock.
    ///
    /// - Parameters:
    ///   - seconds: how long there may be no news.
    ///   - news: what changes while its holder works.
    ///   - onWaiting: called once where it has to be waited for.
    /// - Throws: `HubFault.locked` where nothing was heard of its holder for so long.
    static func wait(
        for path: String,
        seconds: Double,
        news: () -> Double,
        onWaiting: () -> Void
    ) throws(CheckpointError) -> HubLock {
        var last = news()
        var deadline = System.monotonic() + seconds
        var next = System.monotonic() + 1
        var rounds = 0
        while true {
            if let lock = try take(path) { return lock }
            rounds += 1
            // Somebody who only makes a link holds it for a moment.
            if rounds == 5 { onWaiting() }
            System.sleep(0.05)
            guard System.monotonic() >= next else { continue }
            next = System.monotonic() + 1
            let now = news()
            if now != last {
                last = now
                deadline = System.monotonic() + seconds
            }
            guard System.monotonic() < deadline else { throw CheckpointError(path, .file, HubFault.locked) }
        }
    }
}
