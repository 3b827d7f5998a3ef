// The bytes of arrays and texts, for bodies that throw errors of one type, which the standard library's own would widen.

extension Array where Element: BitwiseCopyable {
    /// Hands over the bytes of the elements.
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let result = withUnsafeBytes { bytes in caught { () throws(Failure) in try body(bytes) } }
        return try result.get()
    }
}

extension String {
    /// Hands over the bytes of this text in UTF-8.
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var text = self
        let result = text.withUTF8 { bytes in
            caught { () throws(Failure) in try body(UnsafeRawBufferPointer(bytes)) }
        }
        return try result.get()
    }
}

private func caught<Success, Failure: Error>(_ body: () throws(Failure) -> Success) -> Result<Success, Failure> {
    do throws(Failure) {
        return .success(try body())
    } catch {
        return .failure(error)
    }
}
