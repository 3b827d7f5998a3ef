internal import TensorCore

extension Checkpoint {
    /// Collects the elements of a tensor whose data is not contiguous, or not in this machine's byte order.
    func gather(
        _ tensor: StoredTensor,
        from start: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(CheckpointError) {
        throw CheckpointError(files[tensor.location.file].path, .tensor(tensor.descriptor.name), FileFault.noCheckpoint)
    }
}
