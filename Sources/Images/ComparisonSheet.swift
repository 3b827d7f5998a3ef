internal import TensorCore

/// A picture of pictures: rows of panels with a title and a line of detail above each, under one heading.
///
/// Panels are shown pixel for pixel, small ones enlarged by a whole factor, so that nothing is seen that is not there.
public struct ComparisonSheet: Sendable {
    /// One picture of a row.
    public struct Panel: Sendable {
        /// What is shown, in 8 bits.
        public let picture: Picture
        /// What it is.
        public let title: String
        /// What is known of it.
        public let detail: String

        /// Makes a panel.
        ///
        /// - Parameters:
        ///   - picture: what is shown.
        ///   - title: what it is, as in `Reconstruction`.
        ///   - detail: what is known of it, as in `PSNR 29.31 dB`.
        public init(_ picture: Picture, title: String, detail: String) {
            self.picture = picture.inBytes
            self.title = title
            self.detail = detail
        }
    }

    private let heading: String
    private let subheading: String
    private var rows: [[Panel]] = []

    /// Makes a sheet without panels.
    ///
    /// - Parameters:
    ///   - heading: the line at the top, as in the name of a model.
    ///   - subheading: what is known of it; the line below, left out where it is empty.
    public init(heading: String, subheading: String) {
        self.heading = heading
        self.subheading = subheading
    }

    /// Adds a row of panels: side by side, or one below the other where they are very wide.
    public mutating func add(_ panels: [Panel]) {
        let areWide = panels.allSatisfy { $0.picture.width > 2 * $0.picture.height }
        rows += areWide ? panels.map { [$0] } : [panels]
    }

    /// Adds a row of a picture, its reconstruction and the difference, captioned with sizes, PSNR and SSIM.
    ///
    /// - Parameters:
    ///   - original: what was encoded.
    ///   - reconstruction: what came back, of the same size.
    ///   - name: what the caption calls the original, as its file.
    public mutating func addRoundtrip(of original: Picture, to reconstruction: Picture, name: String) {
        let quality = PictureQuality(of: reconstruction, comparedTo: original)
        let ssim = quality.ssim.map { "  ·  SSIM \($0.fixed(4))" } ?? ""
        let psnr = quality.psnr == .infinity ? "identical" : "PSNR \(quality.psnr.fixed(2)) dB\(ssim)"
        add([
            Panel(original, title: "Input", detail: "\(name)  ·  \(original.size)"),
            Panel(reconstruction, title: "Reconstruction", detail: psnr),
            Self.difference(of: reconstruction, and: original, quality),
        ])
    }

    /// A panel of how two pictures of one size differ, amplified so that it shows, with the factor in its title.
    public static func difference(of picture: Picture, and other: Picture) -> Panel {
        difference(of: picture, and: other, PictureQuality(of: picture, comparedTo: other))
    }

    private static func difference(of picture: Picture, and other: Picture, _ quality: PictureQuality) -> Panel {
        // A factor at which the mean shows as a tenth of full light; powers of two are easily divided back.
        var factor = 1
        while factor < 64 && quality.meanDifference * Double(factor * 2) <= 26 { factor *= 2 }
        let (a, b) = (picture.bytes, other.bytes)
        let bytes = [UInt8](unsafeUninitializedCapacity: a.count) { target, count in
            for i in 0..<a.count { target[i] = UInt8(min(255, abs(Int(a[i]) - Int(b[i])) * factor)) }
            count = a.count
        }
        return Panel(
            Picture(width: picture.width, height: picture.height, samples: .bytes(bytes)),
            title: "Difference, \(factor)x",
            detail: "mean \(quality.meanDifference.fixed(2))  ·  largest \(quality.largestDifference) of 255"
        )
    }

    /// Draws the sheet.
    ///
    /// - Parameter name: what messages call the sheet, as its file.
    /// - Returns: the sheet as a picture of 8 bits.
    /// - Throws: `ImageRefusal` where it has too many pixels.
    public func picture(name: String) throws(ImageRefusal) -> Picture {
        let layout = SheetLayout(rows.map { $0.map(\.picture.size) }, hasSubheading: !subheading.isEmpty)
        guard Picture.isAllowed(layout.size.width, layout.size.height) else {
            throw ImageRefusal(name, .tooManyPixels(width: layout.size.width, height: layout.size.height))
        }
        var canvas = Canvas(Picture(width: layout.size.width, height: layout.size.height, filledWith: Self.background))
        let room = layout.size.width - 2 * layout.margin
        let title = Lettering(heading, size: (layout.letters * 1.25).rounded(), fitting: room)
        canvas.write(title, x: layout.margin, baseline: layout.headingBaseline, colour: Self.bright)
        let line = Lettering(subheading, size: layout.details, fitting: room)
        canvas.write(line, x: layout.margin, baseline: layout.subheadingBaseline, colour: Self.dim)
        for (row, areas) in zip(rows, layout.panels) {
            for (panel, area) in zip(row, areas) {
                let title = Lettering(panel.title, size: layout.letters, fitting: area.width)
                canvas.write(title, x: area.x, baseline: layout.titleBaseline(above: area), colour: Self.bright)
                let detail = Lettering(panel.detail, size: layout.details, fitting: area.width)
                canvas.write(detail, x: area.x, baseline: layout.detailBaseline(above: area), colour: Self.dim)
                // A frame of one pixel, so that dark pictures have an edge too.
                let frame = PixelArea(x: area.x - 1, y: area.y - 1, width: area.width + 2, height: area.height + 2)
                canvas.fill(frame, with: Self.frame)
                canvas.draw(panel.picture, x: area.x, y: area.y, scale: layout.scale)
            }
        }
        return canvas.picture
    }

    private static let background = Colour(0x16_181D)
    private static let frame = Colour(0x34_3943)
    private static let bright = Colour(0xEE_F1F6)
    private static let dim = Colour(0x9A_A4B4)
}

/// Where everything on a sheet is.
private struct SheetLayout {
    /// How many pixels of the sheet make one side of a panel's pixel.
    let scale: Int
    /// The size of titles, in pixels.
    let letters: Float
    let margin: Int
    private(set) var panels: [[PixelArea]] = []
    private(set) var size = PixelSize(width: 0, height: 0)
    private let hasSubheading: Bool

    init(_ rows: [[PixelSize]], hasSubheading: Bool) {
        self.hasSubheading = hasSubheading
        let largest = rows.joined().map { max($0.width, $0.height) }.max() ?? 1
        scale = max(1, (320 + largest - 1) / largest)
        // Large sheets are looked at from afar: letters grow with the pictures, more slowly.
        let side = Float(largest * scale)
        letters = max(17, min(64, (side / 40 + 6).rounded()))
        margin = Int(letters * 1.6)
        let gap = Int(letters)
        let columns = (0..<(rows.map(\.count).max() ?? 0)).map { column in
            (rows.compactMap { $0.count > column ? $0[column].width : nil }.max() ?? 0) * scale
        }
        var y = headingHeight
        for row in rows {
            y += captionHeight
            var x = margin
            var areas: [PixelArea] = []
            for (column, panel) in row.enumerated() {
                areas.append(PixelArea(x: x, y: y, width: panel.width * scale, height: panel.height * scale))
                x += columns[column] + gap
            }
            panels.append(areas)
            y += (row.map(\.height).max() ?? 0) * scale + gap
        }
        let width = 2 * margin + columns.reduce(0, +) + gap * max(0, columns.count - 1)
        size = PixelSize(width: max(width, 16 * Int(letters)), height: y - gap + margin)
    }

    /// The size of the lines below titles.
    var details: Float {
        (letters * 0.8).rounded()
    }

    var headingBaseline: Int {
        margin + Int(letters)
    }

    var subheadingBaseline: Int {
        headingBaseline + Int(letters * 1.4)
    }

    private var headingHeight: Int {
        (hasSubheading ? subheadingBaseline : headingBaseline) + Int(letters * 0.7)
    }

    private var captionHeight: Int {
        Int(letters * 3.1)
    }

    func titleBaseline(above area: PixelArea) -> Int {
        area.y - Int(letters * 1.75)
    }

    func detailBaseline(above area: PixelArea) -> Int {
        area.y - Int(letters * 0.6)
    }
}
