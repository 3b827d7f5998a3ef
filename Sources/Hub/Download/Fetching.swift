internal import CheckpointIO

extension HubClient {
    /// Fetches a file into a partial file and gives it its name when every byte is proven.
    ///
    /// - Parameters:
    ///   - entry: what the Hub's list says of it.
    ///   - name: the repository, the commit and the path.
    ///   - partial: where its bytes gather; what is there already is not fetched again.
    ///   - older: where an older client may have left its beginning.
    ///   - target: its name in the end.
    ///   - flushing: whether the disk is waited for.
    ///   - reporter: who is told of progress, and of bytes that were wrong.
    /// - Throws: `HubFault.digestMismatch` where it came twice with other bytes than listed; nothing is kept then.
    func fetch(
        _ entry: RemoteFileEntry,
        of name: HubName,
        partial: String,
        adopting older: String?,
        as target: String,
        flushing: Flushing,
        _ reporter: HubReporter
    ) throws(CheckpointError) {
        var found = ""
        for attempt in 1...2 {
            let file = try PartialFile(
                at: partial,
                adopting: older,
                size: entry.size,
                pieceSize: settings.pieceSize,
                name: name.description
            )
            let download = Download(self, name, entry, into: file, flushing: flushing, stopped: reporter.stopped) {
                done in
                reporter.progress(done, entry.size, entry.path)
            }
            found = try download.run()
            if found == entry.blob.description {
                return try file.finish(as: target, flushing: flushing)
            }
            file.discard()
            if attempt == 1 {
                reporter.note(
                    "\(name): the download does not have the listed \(entry.blob.kind.rawValue); it is discarded and fetched again"
                )
            }
        }
        let fault = HubFault.digestMismatch(
            kind: entry.blob.kind.rawValue,
            expected: entry.blob.description,
            found: found
        )
        throw CheckpointError(name.description, .file, fault)
    }
}
