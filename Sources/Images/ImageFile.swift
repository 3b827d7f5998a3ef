package import Files
internal import Libc

/// A format that pictures are read from, found by its first bytes and never by the name of the file.
public enum ImageFormat: String, Sendable, CaseIterable {
    case png = "PNG"
    case jpeg = "JPEG"
    case webp = "WebP"
}

extension Picture {
    /// Reads a PNG, JPEG or WebP file.
    ///
    /// Grey and palettes become colour. Transparency is left out, as PIL's `convert("RGB")` does, or the picture is put on a
    /// `background` (blended as stored, without gamma). It is turned the way that its EXIF orientation says, or its XMP's
    /// where it has no other. PNG of 16 bits keeps them. Colour profiles are not applied.
    ///
    /// - Parameters:
    ///   - file: the path.
    ///   - background: what shows through where the picture is transparent; nil for the colours as they are stored.
    /// - Throws: `ImageRefusal`, for a file that is not such a picture, ends early or is damaged.
    public init(file: String, background: Colour? = nil) throws(ImageRefusal) {
        try self.init(try ImageInput.open(file), background: background)
    }

    /// The bytes of a file, for who wants to know which they are before they are decoded with `init(data:name:background:)`.
    ///
    /// - Throws: `ImageRefusal`, as where the picture is read.
    package static func data(ofFile path: String) throws(ImageRefusal) -> [UInt8] {
        try ImageInput.read(try ImageInput.open(path))
    }

    /// Reads a picture from a file that is open already, as after a look at what it is.
    package init(_ file: InputFile, background: Colour?) throws(ImageRefusal) {
        try self.init(data: try ImageInput.read(file), name: file.path, background: background)
    }

    /// Reads a picture from the bytes of a PNG, JPEG or WebP file.
    ///
    /// - Parameters:
    ///   - data: all bytes of the file.
    ///   - name: what messages call it.
    ///   - background: what shows through where the picture is transparent; nil for the colours as they are stored.
    /// - Throws: `ImageRefusal`, as for a file.
    public init(data: [UInt8], name: String, background: Colour? = nil) throws(ImageRefusal) {
        let picture: Picture
        switch try ImageFormat(data: data, name: name) {
        case .png: picture = try PNG.read(data, name: name, background: background)
        case .jpeg: picture = try JPEG.read(data, name: name)
        case .webp: picture = try WebP.read(data, name: name, background: background)
        }
        self = picture.turned(Orientation.of(data))
        hasLostTransparency = picture.hasLostTransparency
    }
}

extension ImageFormat {
    /// The format that the bytes of a file begin like.
    init(data: [UInt8], name: String) throws(ImageRefusal) {
        func begins(_ text: StaticString, at offset: Int = 0) -> Bool {
            let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
            return data.dropFirst(offset).prefix(wanted.count).elementsEqual(wanted)
        }
        if data.isEmpty { throw ImageRefusal(name, .empty) }
        if data.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if data.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if begins("RIFF"), begins("WEBP", at: 8) {
            self = .webp
        } else {
            let others: [(Bool, String)] = [
                (begins("GIF8"), "a GIF picture"),
                (begins("BM"), "a BMP picture"),
                (begins("II*\0") || begins("MM\0*"), "a TIFF picture"),
                (begins("ftypheic", at: 4) || begins("ftypheix", at: 4) || begins("ftypmif1", at: 4), "a HEIC picture"),
                (begins("ftypavif", at: 4) || begins("ftypavis", at: 4), "an AVIF picture"),
                (data.starts(with: [0xFF, 0x0A]) || begins("JXL ", at: 4), "a JPEG XL picture"),
                (begins("jP  ", at: 4), "a JPEG 2000 picture"),
                (begins("8BPS"), "a Photoshop picture"),
                (begins("qoif"), "a QOI picture"),
                (begins("%PDF"), "a PDF document"),
                (begins("<svg") || begins("<?xml"), "an SVG picture or other XML"),
                (data.starts(with: [0x93]) && begins("NUMPY", at: 1), "a NumPy array"),
                (begins("PK\u{3}\u{4}"), "a zip archive or PyTorch checkpoint"),
            ]
            if let other = others.first(where: \.0) { throw ImageRefusal(name, .otherFormat(other.1)) }
            throw ImageRefusal(name, .unknownFormat(start: Array(data.prefix(8))))
        }
    }
}

/// Reads whole files, and says in the words of this module what is wrong with them.
enum ImageInput {
    /// No sensible picture within the pixel limit is longer than this.
    static let byteLimit = 1 << 30

    static func read(_ file: InputFile) throws(ImageRefusal) -> [UInt8] {
        if file.size > byteLimit { throw ImageRefusal(file.path, .tooLong(bytes: file.size, limit: byteLimit)) }
        do throws(CheckpointError) {
            return try file.bytes(at: 0, count: file.size)
        } catch {
            throw ImageRefusal(reading: file.path, error)
        }
    }

    static func open(_ path: String) throws(ImageRefusal) -> InputFile {
        do throws(CheckpointError) {
            return try InputFile(opening: path)
        } catch {
            throw ImageRefusal(reading: path, error)
        }
    }

    /// Fills memory from an offset of a file; the reason, where that fails or the file ends first.
    static func fill(_ target: UnsafeMutableRawBufferPointer, from file: InputFile, at offset: Int) -> String? {
        do throws(CheckpointError) {
            try file.read(into: target, at: offset)
            return nil
        } catch {
            return ImageRefusal.words(error)
        }
    }
}

extension ImageRefusal {
    init(reading path: String, _ error: CheckpointError) {
        switch error.fault as? FileFault {
        case .missing: self.init(path, .missing)
        case .isFolder: self.init(path, .folder)
        case .notRegular: self.init(path, .notAFile)
        default: self.init(path, .unreadable(Self.words(error)))
        }
    }

    init(writing path: String, _ error: CheckpointError) {
        self.init(
            path,
            error.fault as? FileFault == .exists ? .exists : .unwritable(Self.words(error), kind: error.fault.kind)
        )
    }

    /// What is wrong with a file, in the system's words where they are its.
    fileprivate static func words(_ error: CheckpointError) -> String {
        func system(_ code: Int32) -> String { String(cString: strerror(code)) }
        return switch error.fault as? FileFault {
        case .system(_, let code): system(code)
        case .missing, .targetVanished: system(ENOENT)
        case .isFolder: system(EISDIR)
        case .shrank: "it became shorter while it was read"
        default: error.fault.message
        }
    }
}
