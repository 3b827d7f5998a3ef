internal import TensorCore

extension Picture {
    /// The bytes of pixels that the shortest file may ask for: a picture of 8K.
    private static let plainBytes = 100 << 20
    /// The most bytes of pixels to a byte of a file: what deflate makes of a picture of one colour. Only what has less than a
    /// byte to a pixel in the file, or codes a whole picture in some bytes, can ask for more.
    private static let bytesPerFileByte = 1100

    /// Why the pixels of a picture are not made room for; nil where they are.
    ///
    /// - Parameters:
    ///   - bytesPerPixel: those of a decoded pixel.
    ///   - fileSize: the bytes of the file.
    static func refusal(width: Int, height: Int, bytesPerPixel: Int, fileSize: Int) -> ImageRefusal.Problem? {
        guard isAllowed(width, height) else { return .tooManyPixels(width: width, height: height) }
        let bytes = width * height * bytesPerPixel
        let (most, overflow) = fileSize.multipliedReportingOverflow(by: bytesPerFileByte)
        guard overflow || bytes <= max(plainBytes, most) else {
            return .expands(width: width, height: height, bytes: bytes, fileSize: fileSize)
        }
        return MemoryLimit.allows(bytes) ? nil : .noMemory(width: width, height: height, bytes: bytes)
    }
}
