/// What to do with a picture whose sides are not multiples of what the network needs.
public enum Fit: String, Sendable, CaseIterable {
    /// Refuses it, and the error lists valid sizes.
    case exact
    /// Cuts the surplus off, half of it on each side: no pixel is changed.
    ///
    /// The middle is kept, as by CenterCrop in the evaluation of the networks; diffusers' scripts, which keep the top
    /// left corner, differ by less than half a multiple.
    case crop
    /// Repeats the last column and row to the right and below: nothing is lost, and `FittedPicture.content` says what
    /// to keep of the result.
    case pad
    /// Resamples each side to the nearest multiple, by Lanczos as diffusers' VaeImageProcessor does.
    case resize

    /// How to make squares of a given side: ADM's crop, or torchvision's if any fit is given.
    public var squareCrop: SquareCrop { self == .exact ? .adm : .torchvision }
}

/// How a picture is made into a square of a given side.
public enum SquareCrop: String, Sendable, CaseIterable {
    /// ADM's crop, which DC-AE is evaluated with ("DMCrop"): halved by box filters while both sides are at least twice
    /// the square's, then resized by a bicubic filter until the shorter side fits, then cut in the middle.
    case adm
    /// torchvision's `Resize(side, BICUBIC)` and `CenterCrop(side)` on a PIL picture.
    case torchvision
}

/// A picture that fits the network, and which part of it shows the original.
public struct FittedPicture: Sendable {
    /// The picture with sides that are multiples.
    public let picture: Picture
    /// Where the original is: all of `picture`, except after padding.
    public let content: PixelArea
}

extension Picture {
    /// Makes both sides multiples of a number, in the given way.
    ///
    /// - Parameters:
    ///   - multiple: the spatial compression ratio of the network, at least 1.
    ///   - fit: what to do if a side is not a multiple.
    ///   - name: what messages call the picture.
    /// - Returns: the picture for the network, and where the original is in it.
    /// - Throws: `ImageRefusal` if `fit` is `exact` and a side is not a multiple, if nothing is left after cropping,
    ///   or if the result has too many pixels.
    public func fitted(toMultipleOf multiple: Int, by fit: Fit, name: String) throws(ImageRefusal) -> FittedPicture {
        precondition(multiple >= 1, "a multiple of at least 1")
        if width % multiple == 0 && height % multiple == 0 { return FittedPicture(whole: self) }
        switch fit {
        case .exact:
            throw ImageRefusal(name, .noMultiple(width: width, height: height, of: multiple))
        case .crop:
            guard let size = Fit.cropped(width, height, to: multiple) else {
                throw ImageRefusal(name, .tooSmallToCrop(width: width, height: height, multiple: multiple))
            }
            return FittedPicture(whole: centreCropped(toWidth: size.width, height: size.height))
        case .pad:
            let size = Fit.padded(width, height, to: multiple)
            try Self.check(size, name)
            return FittedPicture(
                picture: extended(toWidth: size.width, height: size.height),
                content: PixelArea(x: 0, y: 0, width: width, height: height)
            )
        case .resize:
            let size = Fit.nearest(width, height, to: multiple)
            try Self.check(size, name)
            return FittedPicture(whole: resized(toWidth: size.width, height: size.height, by: .lanczos))
        }
    }

    /// The square in the middle of this picture after it is resized, as networks are evaluated.
    ///
    /// - Parameters:
    ///   - side: the side of the square.
    ///   - crop: whose way it is cut, to the pixel.
    ///   - name: what messages call the picture.
    ///   - order: which sides are resized first.
    /// - Returns: a picture of `side` by `side`.
    /// - Throws: `ImageRefusal` where the picture is so long and thin that the longer side would be too long.
    public func centreSquare(
        side: Int,
        crop: SquareCrop,
        name: String,
        order: ResampleOrder = .pillow13
    ) throws(ImageRefusal) -> Picture {
        precondition(side >= 1, "a square has a side")
        switch crop {
        case .adm: return try admSquare(side, name, order)
        case .torchvision: return try torchvisionSquare(side, name, order)
        }
    }

    private func admSquare(_ side: Int, _ name: String, _ order: ResampleOrder) throws(ImageRefusal) -> Picture {
        if width == side && height == side { return self }
        var picture = self
        while picture.width / 2 >= side && picture.height / 2 >= side {
            picture = picture.resized(toWidth: picture.width / 2, height: picture.height / 2, by: .box, order: order)
        }
        let scale = max(Double(side) / Double(picture.height), Double(side) / Double(picture.width))
        // Python's round: of two whole numbers that are as near, the even one.
        func scaled(_ side: Int) -> Int { Int((Double(side) * scale).rounded(.toNearestOrEven)) }
        let size = PixelSize(width: scaled(picture.width), height: scaled(picture.height))
        try Self.check(size, name)
        let area = PixelArea(x: (size.width - side) / 2, y: (size.height - side) / 2, width: side, height: side)
        return picture.resized(toWidth: size.width, height: size.height, by: .bicubic, order: order, area: area)
    }

    private func torchvisionSquare(
        _ side: Int,
        _ name: String,
        _ order: ResampleOrder
    ) throws(ImageRefusal) -> Picture {
        let (short, long) = (min(width, height), max(width, height))
        // torchvision truncates the longer side.
        let longer = side * long / short
        let size = width <= height ? PixelSize(width: side, height: longer) : PixelSize(width: longer, height: side)
        try Self.check(size, name)
        let area = PixelArea(
            x: Self.middle(size.width - side),
            y: Self.middle(size.height - side),
            width: side,
            height: side
        )
        return resized(toWidth: size.width, height: size.height, by: .bicubic, order: order, area: area)
    }

    /// Where the middle begins; of two middles the one that Python's `round` picks for torchvision, the even one.
    private static func middle(_ surplus: Int) -> Int {
        surplus % 4 == 3 ? surplus / 2 + 1 : surplus / 2
    }

    /// The middle of the picture; of two middles the one that Python's `round` picks for torchvision, the even one.
    public func centreCropped(toWidth newWidth: Int, height newHeight: Int) -> Picture {
        cropped(
            to: PixelArea(
                x: Self.middle(width - newWidth),
                y: Self.middle(height - newHeight),
                width: newWidth,
                height: newHeight
            )
        )
    }

    private static func check(_ size: PixelSize, _ name: String) throws(ImageRefusal) {
        guard isAllowed(size.width, size.height) else {
            throw ImageRefusal(name, .tooManyPixels(width: size.width, height: size.height))
        }
    }
}

extension FittedPicture {
    fileprivate init(whole picture: Picture) {
        let area = PixelArea(x: 0, y: 0, width: picture.width, height: picture.height)
        self.init(picture: picture, content: area)
    }
}

extension Fit {
    /// The largest size of multiples within a size, or nil where a side is too short.
    static func cropped(_ width: Int, _ height: Int, to multiple: Int) -> PixelSize? {
        guard width >= multiple && height >= multiple else { return nil }
        return PixelSize(width: width / multiple * multiple, height: height / multiple * multiple)
    }

    /// The smallest size of multiples around a size.
    static func padded(_ width: Int, _ height: Int, to multiple: Int) -> PixelSize {
        let up = { (side: Int) in (side + multiple - 1) / multiple * multiple }
        return PixelSize(width: up(width), height: up(height))
    }

    /// The size of multiples that is nearest to a size; of two the larger.
    static func nearest(_ width: Int, _ height: Int, to multiple: Int) -> PixelSize {
        let near = { (side: Int) in max(1, (side + multiple / 2) / multiple) * multiple }
        return PixelSize(width: near(width), height: near(height))
    }
}
