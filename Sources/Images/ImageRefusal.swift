internal import Libc
public import TensorCore

/// Why a picture was not read, fitted or written.
public struct ImageRefusal: Refusal, Equatable {
    /// The file, as it was named.
    public let file: String
    /// What was found in it.
    public let problem: Problem

    /// What can be wrong with a picture.
    public enum Problem: Sendable, Equatable {
        /// There is no such file.
        case missing
        /// The operating system refused to open or read it.
        case unreadable(String)
        /// The name is that of a folder.
        case folder
        /// The name is that of a device, a pipe or a socket.
        case notAFile
        /// A folder without a picture.
        case noPictures
        /// A folder with too many files, or folders in folders too deep.
        case tooManyFiles(limit: Int)
        /// Nothing is in it.
        case empty
        /// More bytes than any picture takes.
        case tooLong(bytes: Int, limit: Int)
        /// A format that is known and not read.
        case otherFormat(String)
        /// A format that is not known, by its first bytes.
        case unknownFormat(start: [UInt8])
        /// The data stops before the picture does.
        case endsEarly(ImageFormat)
        /// The decoder of the format gave up; with its own words.
        case damaged(ImageFormat, String)
        /// More than one frame.
        case animated(ImageFormat)
        /// More pixels than are read.
        case tooManyPixels(width: Int, height: Int)
        /// More pixels than a file of this length can hold.
        case tooFewBytes(width: Int, height: Int, bytes: Int)
        /// Pixels that take far more bytes than the file has.
        case expands(width: Int, height: Int, bytes: Int, fileSize: Int)
        /// Pixels that take more memory than there is.
        case noMemory(width: Int, height: Int, bytes: Int)
        /// Sides that are not multiples of what the network needs.
        case noMultiple(width: Int, height: Int, of: Int)
        /// Nothing would be left after cropping to a multiple.
        case tooSmallToCrop(width: Int, height: Int, multiple: Int)
        /// A picture whose reconstruction has another size.
        case otherSize(PixelSize, reconstruction: PixelSize)
        /// A picture without one of the same name in a folder.
        case noPartner(folder: String)
        /// A picture with several of its name in a folder, as `a.png` and `a.jpg`.
        case severalPartners(folder: String)
        /// A file of that name is there already.
        case exists
        /// The operating system refused to write it.
        case unwritable(String, kind: RefusalKind = .system)
        /// The encoder of the format gave up; with its own words.
        case notEncoded(String)
    }

    package init(_ file: String, _ problem: Problem) {
        self.file = file
        self.problem = problem
    }

    /// What was found, without the name of the file.
    package var reason: String { problem.wording.description }

    /// The whole message: one line, without a final full stop.
    public var description: String {
        line(Words.label)
    }

    /// The same, with options spelled as the one who shows it does.
    public func line(_ spelling: (Words.Option, String?) -> String) -> String {
        "\(file.escaped(limit: 300)): \(problem.wording.text(spelling))"
    }

    /// The same in parts.
    public var details: RefusalDetails {
        RefusalDetails(problem.kind, problem.message, at: .init(path: file), remedy: problem.remedy)
    }
}

extension ImageRefusal.Problem {
    /// What is wrong: with `remedy` all wording of this module.
    fileprivate var message: Words {
        switch self {
        case .missing:
            "it cannot be read: \(String(cString: strerror(ENOENT)))"
        case .unreadable(let reason):
            "it cannot be read: \(reason)"
        case .folder:
            "this is a folder, but a file was expected"
        case .notAFile:
            "this is a device, pipe or socket, but a file was expected"
        case .noPictures:
            "it holds no pictures: no name in it ends in .png, .jpg, .jpeg or .webp"
        case .tooManyFiles(let limit):
            "it holds more than \(limit) files, or folders nested too deep"
        case .empty:
            "the file is empty, but a picture was expected"
        case .tooLong(let bytes, let limit):
            "the file has \(bytes) bytes; pictures may have at most \(limit)"
        case .otherFormat(let name):
            "this is \(name), but a PNG, JPEG or WebP picture was expected"
        case .unknownFormat(let start):
            "this is not a PNG, JPEG or WebP picture: it starts with \(Self.hexadecimal(start))"
        case .endsEarly(let format):
            "the file ends before its \(format.rawValue) picture does"
        case .damaged(let format, let words):
            "the \(format.rawValue) picture is damaged, or cannot be read (\(words.escaped()))"
        case .animated(let format):
            "this is an animated \(format.rawValue), but a still picture was expected"
        case .tooManyPixels(let width, let height):
            "the picture has \(width)x\(height) pixels, more than the \(Picture.pixelLimit) that are allowed"
        case .tooFewBytes(let width, let height, let bytes):
            "the picture claims \(width)x\(height) pixels, which its \(bytes) bytes cannot hold"
        case .expands(let width, let height, let bytes, let fileSize):
            "the picture has \(width)x\(height) pixels, which take \(bytes) bytes, but the file has \(fileSize)"
        case .noMemory(let width, let height, let bytes):
            "the picture has \(width)x\(height) pixels, which take \(bytes) bytes, more than the free memory"
        case .noMultiple(let width, let height, let multiple):
            "the picture has \(width)x\(height) pixels, but both sides must be multiples of \(multiple)"
        case .tooSmallToCrop(let width, let height, let multiple):
            "the picture has \(width)x\(height) pixels, too few to crop to a multiple of \(multiple)"
        case .otherSize(let size, let reconstruction):
            "the picture has \(size) pixels, but its reconstruction has \(reconstruction)"
        case .noPartner(let folder):
            "there is no picture of the same name in \(folder.escaped(limit: 100))"
        case .severalPartners(let folder):
            "there are several pictures of the same name in \(folder.escaped(limit: 100))"
        case .exists:
            "it exists already"
        case .unwritable(let reason, _):
            "it cannot be written: \(reason)"
        case .notEncoded(let words):
            "it cannot be written as PNG (\(words.escaped()))"
        }
    }

    fileprivate var remedy: Words? {
        switch self {
        case .folder: "name a file in it"
        case .tooManyFiles: "name a folder further down"
        case .otherFormat: "convert it to one of them"
        case .endsEarly, .damaged, .tooFewBytes: "copy or download it again"
        case .animated: "save one frame of it"
        case .tooManyPixels, .expands, .noMemory: "make it smaller"
        case .noMultiple(let width, let height, let multiple): Self.sizes(width, height, multiple)
        case .tooSmallToCrop: "use \(.fit, "pad") or \(.fit, "resize")"
        case .otherSize: "give a size, and both are cropped to squares"
        case .severalPartners: "keep one of them"
        case .exists: "use \(.overwrite) to replace it"
        default: nil
        }
    }

    fileprivate var kind: RefusalKind {
        switch self {
        case .missing: .noSuchFile
        case .unwritable(_, let kind): kind
        case .unreadable, .notEncoded: .system
        case .folder, .notAFile: .notAFile
        case .noPictures: .noInputs
        case .tooManyFiles, .tooLong, .tooManyPixels: .tooLarge
        case .empty, .endsEarly, .damaged, .tooFewBytes: .damagedFile
        case .otherFormat, .unknownFormat: .unknownFormat
        case .animated: .unsupported
        case .expands: .unsafeFile
        case .noMemory: .outOfMemory
        case .noMultiple, .tooSmallToCrop, .otherSize: .wrongSize
        case .noPartner, .severalPartners: .noPartner
        case .exists: .alreadyExists
        }
    }

    /// What is wrong and what to do about it, in one sentence.
    fileprivate var wording: Words { remedy.map { message + ": " + $0 } ?? message }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    }

    private static func sizes(_ width: Int, _ height: Int, _ multiple: Int) -> Words {
        let pad = Fit.padded(width, height, to: multiple)
        let near = Fit.nearest(width, height, to: multiple)
        var ways: [Words] = [
            "\(.fit, "pad") (\(pad.width)x\(pad.height))", "\(.fit, "resize") (\(near.width)x\(near.height))",
        ]
        if let crop = Fit.cropped(width, height, to: multiple) {
            ways.insert("\(.fit, "crop") (\(crop.width)x\(crop.height))", at: 0)
        }
        return "use " + ways.dropFirst().reduce(ways[0]) { $0 + ", " + $1 }
    }
}
