internal import StrictJSON
package import TensorCore

/// Where each tensor of a safetensors file to be written goes, and the bytes before them.
package struct SafetensorsLayout: Sendable {
    /// The header length, the header and its padding.
    package let header: [UInt8]
    /// The tensors in the order of their data, each with its first byte counted from the beginning of the file.
    package let placements: [(descriptor: TensorDescriptor, offset: Int)]
    /// The bytes of the whole file.
    package let fileSize: Int

    /// Lays out tensors as the safetensors library does, to the byte.
    ///
    /// Sorted by dtype, the widest first, then by the bytes of the name; the header padded with spaces to a multiple of 8
    /// (`prepare` in safetensors/src/tensor.rs, 0.8.0).
    ///
    /// - Parameter format: the text under `__metadata__.format`; diffusers writes `pt`, original repositories have none.
    package init(_ tensors: [TensorDescriptor], format: String?) {
        self.init(tensors, metadata: format.map { [("format", $0)] } ?? [])
    }

    /// The same with metadata of any kind, in the order that is given; no key twice.
    package init(_ tensors: [TensorDescriptor], metadata: [(key: String, value: String)]) {
        let sorted = tensors.sorted {
            $0.dtype == $1.dtype ? UTF8Name($0.name) < UTF8Name($1.name) : $0.dtype > $1.dtype
        }
        var json = "{"
        if !metadata.isEmpty {
            json += "\"__metadata__\":{"
            for (index, member) in metadata.enumerated() {
                if index > 0 { json += "," }
                JSONWriter.quote(member.key, asciiOnly: false, into: &json)
                json += ":"
                JSONWriter.quote(member.value, asciiOnly: false, into: &json)
            }
            json += "}"
        }
        var end = 0
        var starts: [Int] = []
        for tensor in sorted {
            let size = tensor.shape.byteCount(of: tensor.dtype) ?? 0
            if json.utf8.count > 1 { json += "," }
            JSONWriter.quote(tensor.name, asciiOnly: false, into: &json)
            let shape = tensor.shape.dimensions.map(String.init).joined(separator: ",")
            json +=
                ":{\"dtype\":\"\(tensor.dtype.rawValue)\",\"shape\":[\(shape)],\"data_offsets\":[\(end),\(end + size)]}"
            starts.append(end)
            end += size
        }
        json += "}"
        var text = Array(json.utf8)
        text += Array(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
        let length = UInt64(text.count)
        header = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + text
        let dataStart = header.count
        placements = zip(sorted, starts).map { ($0, $1 + dataStart) }
        fileSize = dataStart + end
    }
}
