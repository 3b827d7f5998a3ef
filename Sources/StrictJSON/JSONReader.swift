internal import CJSONC

/// Reads JSON: the strict scanner first, json-c then.
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
        _ = try JSONScanner.scan(bytes, valueLimit: valueLimit, memberLimit: valueLimit)
        return try convert(bytes, offset: 0)
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

    /// Reads one value of a text that the scanner has passed.
    ///
    /// - Parameter offset: where the value begins in the text, for errors.
    package static func convert(_ bytes: UnsafeRawBufferPointer, offset: Int) throws(JSONError) -> JSONValue {
        let unreadable = JSONError(offset: offset, problem: .unreadable)
        guard let length = Int32(exactly: bytes.count),
            let tokener = json_tokener_new_ex(Int32(JSONScanner.depthLimit + 2))
        else { throw unreadable }
        defer { json_tokener_free(tokener) }
        json_tokener_set_flags(tokener, Int32(JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8))
        var root = json_tokener_parse_ex(tokener, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), length)
        if json_tokener_get_error(tokener) == json_tokener_continue {
            // A bare number ends only where the text does; json-c wants to see the end.
            root = json_tokener_parse_ex(tokener, "", 1)
        }
        guard json_tokener_get_error(tokener) == json_tokener_success else { throw unreadable }
        defer { json_object_put(root) }
        return value(root)
    }

    private static func value(_ object: OpaquePointer?) -> JSONValue {
        switch json_object_get_type(object) {
        case json_type_boolean:
            return .bool(json_object_get_boolean(object) != 0)
        case json_type_int:
            let number = json_object_get_int64(object)
            if number == .max {
                let unsigned = json_object_get_uint64(object)
                if unsigned > UInt64(Int64.max) { return .unsigned(unsigned) }
            }
            return .integer(Int(number))
        case json_type_double:
            return .double(json_object_get_double(object))
        case json_type_string:
            return .string(text(json_object_get_string(object), Int(json_object_get_string_len(object))))
        case json_type_array:
            return .array((0..<json_object_array_length(object)).map { value(json_object_array_get_idx(object, $0)) })
        case json_type_object:
            var members: [JSONValue.Member] = []
            var iterator = json_object_iter_begin(object)
            var end = json_object_iter_end(object)
            while json_object_iter_equal(&iterator, &end) == 0 {
                if let name = json_object_iter_peek_name(&iterator) {
                    members.append(.init(String(cString: name), value(json_object_iter_peek_value(&iterator))))
                }
                json_object_iter_next(&iterator)
            }
            return .object(members)
        default:
            return .null
        }
    }

    private static func text(_ start: UnsafePointer<CChar>?, _ count: Int) -> String {
        String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
    }
}
