internal import CCurl
internal import CheckpointIO
internal import TensorCore

/// libcurl, which is loaded when the network is first needed.
enum CurlLibrary {
    private static let loaded: Result<Void, HubFault> = .init(catching: open)

    /// Must have returned before any of its functions is called.
    ///
    /// - Throws: `HubFault.noNetworkLibrary`.
    static func load() throws(HubFault) { try loaded.get() }

    private static func open() throws(HubFault) {
        let file = System.variable("DCAE_CURL").flatMap { $0.isEmpty ? nil : $0 }
        var failure: Int32 = 0
        let reason = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { room in
            guard let base = room.baseAddress else { return "" }
            base.update(repeating: 0, count: room.count)
            failure = dcae_curl_load(file, base, room.count)
            return SystemText.text(cString: base)
        }
        guard failure == 0 else { throw .noNetworkLibrary(reason) }
    }
}
