/// Reads JSON texts as a whole: configurations, indexes, registries.
package enum JSONReader {
    /// How many values a text that is read as a whole may have: an index of 200,000 tensors has as many, and some.
    package static let valueLimit = 400_000

    /// Reads a whole text.
    ///
    /// - Parameter valueLimit: the most values that it may have.
    package static func read(
        _ bytes: UnsafeRawBufferPointer,
        valueLimit: Int = valueLimit
    ) throws(JSONError) -> JSONValue {
        try JSONScanner.value(bytes, valueLimit: valueLimit)
    }

    /// Reads a whole text.
    ///
    /// - Parameter valueLimit: the most values that it may have.
    package static func read(_ bytes: [UInt8], valueLimit: Int = valueLimit) throws(JSONError) -> JSONValue {
        let result: Result<JSONValue, JSONError> = bytes.withUnsafeBytes { buffer in
            do throws(JSONError) {
                return .success(try read(buffer, valueLimit: valueLimit))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
