internal import Synchronization
internal import TensorCore

/// The entries of an archive whose checksums can be compared, and the file that it lies in.
package struct ArchiveRecords: Sendable {
    private let file: Int
    let entries: [ZipDirectory.Entry]

    init(_ directory: ZipDirectory) {
        file = 0
        entries = directory.entries.filter { $0.method == 0 && !$0.range.isEmpty }
    }

    private init(file: Int, entries: [ZipDirectory.Entry]) {
        (self.file, self.entries) = (file, entries)
    }

    var fileNumber: Int { file }

    func inFile(_ number: Int) -> ArchiveRecords { ArchiveRecords(file: number, entries: entries) }
}

/// Something that a reader would take for weights and that no trainer wrote.
package struct Damage: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// The data of an archive's entry does not have the checksum that stands beside it.
        case checksum
        /// A weight tensor is zero throughout.
        case zeroTensor
        /// A file ends in zeros.
        case zeroTail
        /// No entry of an archive has its checksum: torch was told not to write them.
        case noChecksums
    }

    package let kind: Kind
    /// A tensor, an entry or a file.
    package let place: String
    package let message: String

    package init(kind: Kind, place: String, message: String) {
        (self.kind, self.place, self.message) = (kind, place, message)
    }

    /// Whether the file is damaged for certain, rather than odd.
    package var isCertain: Bool { kind == .checksum }
}

extension Checkpoint {
    /// The bytes that are read at once.
    private static var step: Int { 1 << 20 }

    /// Reads all data and looks for what a broken download or disk leaves behind: checksums that fail, weights that are zero
    /// throughout, and a run of zeros up to the end of a file.
    ///
    /// - Parameter progress: is told how many bytes were read.
    /// - Throws: where the data cannot be read.
    package func damage(progress: (@Sendable (Int) -> Void)? = nil) throws(CheckpointError) -> [Damage] {
        try failedChecksums(progress: progress) + zeroTails() + zeroTensors(progress: progress)
    }

    // MARK: Checksums

    private func failedChecksums(progress: (@Sendable (Int) -> Void)?) throws(CheckpointError) -> [Damage] {
        var found: [Damage] = []
        let all = archives.flatMap { archive in archive.entries.map { (archive.fileNumber, $0) } }
        guard !all.isEmpty else { return [] }
        let failed = Mutex<[Int]>([])
        try Workers.forEach(all.count) { [all] index throws(CheckpointError) in
            let (number, entry) = all[index]
            let range = entry.range
            var sum = CRC32()
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: min(Self.step, range.count), alignment: 64)
            defer { memory.deallocate() }
            for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.step) {
                let count = min(Self.step, range.upperBound - start)
                let part = UnsafeMutableRawBufferPointer(rebasing: memory[0..<count])
                try self.files[number].read(into: part, at: start)
                sum.update(UnsafeRawBufferPointer(part))
                progress?(count)
            }
            if sum.value != entry.checksum { failed.withLock { $0.append(index) } }
        }
        let wrong = failed.withLock { $0.sorted() }
        if wrong.count == all.count, all.count > 1 {
            return [
                Damage(
                    kind: .noChecksums,
                    place: ModelFolder.name(of: path),
                    message: "no entry has its checksum: torch.save was told not to write them"
                )
            ]
        }
        for index in wrong {
            found.append(
                Damage(
                    kind: .checksum,
                    place: all[index].1.name,
                    message:
                        "its \(all[index].1.range.count) bytes do not have the checksum that the archive says (CRC-32)"
                )
            )
        }
        return found
    }

    // MARK: Zeros

    /// A run of zeros up to the end of a file that begins inside a tensor, or covers several: biases may be zero, but no trainer
    /// stops in the middle.
    private func zeroTails() throws(CheckpointError) -> [Damage] {
        guard !isCompressed else { return [] }
        var found: [Damage] = []
        for (number, file) in files.enumerated() {
            let start = try zeroStart(of: file)
            guard file.size - start >= 4096 else { continue }
            let covered = tensors.filter { tensor in
                tensor.location.file == number && tensor.byteCount > 0 && tensor.location.strides == nil
                    && tensor.location.offset + tensor.byteCount > start
            }
            // The last bytes of a number may be zero: a run inside a tensor begins where more than one is.
            let isCut = covered.contains { $0.location.offset + 16 < start }
            guard isCut || covered.count > 1 else { continue }
            found.append(
                Damage(
                    kind: .zeroTail,
                    place: ModelFolder.name(of: file.path),
                    message: "its last \(file.size - start) bytes are zero, over \(covered.count) tensors: "
                        + "the download was broken off, in all likelihood"
                )
            )
        }
        return found
    }

    /// The first of the zeros that a file ends in.
    private func zeroStart(of file: InputFile) throws(CheckpointError) -> Int {
        var end = file.size
        while end > 0 {
            let count = min(Self.step, end)
            let bytes = try file.bytes(at: end - count, count: count)
            if let last = bytes.lastIndex(where: { $0 != 0 }) { return end - count + last + 1 }
            end -= count
        }
        return 0
    }

    private func zeroTensors(progress: (@Sendable (Int) -> Void)?) throws(CheckpointError) -> [Damage] {
        let weights = tensors.filter { tensor in
            tensor.descriptor.dtype.isWeightFormat && tensor.byteCount > 0
                && tensor.descriptor.shape.dimensions.count > 1
        }
        let zero = Mutex<[Int]>([])
        try Workers.forEach(weights.count) { [weights] index throws(CheckpointError) in
            if try self.isZero(weights[index], progress: progress) { zero.withLock { $0.append(index) } }
        }
        return zero.withLock { $0.sorted() }.map { index in
            let descriptor = weights[index].descriptor
            return Damage(
                kind: .zeroTensor,
                place: descriptor.name,
                message: "all of its \(descriptor.shape.elementCount ?? 0) values are zero"
            )
        }
    }

    /// Whether a tensor holds nothing but zeros; mostly its first bytes tell.
    private func isZero(_ tensor: StoredTensor, progress: (@Sendable (Int) -> Void)?) throws(CheckpointError) -> Bool {
        let width = tensor.descriptor.dtype.byteCount ?? 1
        var start = 0
        var step = min(tensor.byteCount, 4096)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.step, alignment: 64)
        defer { memory.deallocate() }
        while start < tensor.byteCount {
            let count = min(step, tensor.byteCount - start)
            let part = UnsafeMutableRawBufferPointer(rebasing: memory[0..<(count / width * width)])
            try read(tensor, from: start, into: part)
            progress?(part.count)
            if part.contains(where: { $0 != 0 }) { return false }
            start += part.count
            step = Self.step
        }
        return true
    }
}
