internal import ArgumentParser
internal import Images
internal import StrictJSON

struct PictureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "picture",
        abstract: "Draws a test picture.",
        discussion: """
            The same size gives the same picture everywhere.

              dcae picture -o landscape.png --size 1024x768
            """
    )

    @Option(name: .shortAndLong, help: ArgumentHelp("The PNG file to write.", valueName: "png"), completion: .file())
    var output: String

    @Option(help: ArgumentHelp("Width x height, or one number for a square, 64 to 8192 each.", valueName: "size"))
    var size = "1024x1024"

    @Flag(help: "Replace a file that exists.")
    var force = false

    @OptionGroup var writing: WritingArguments
    @OptionGroup var common: CommonOptions

    func validate() throws {
        let others = [".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff"]
        if others.contains(where: output.lowercased().hasSuffix) {
            throw ValidationError("--output \(output): the picture is a PNG; give it a name that ends in .png")
        }
    }

    func run() throws {
        guard let sides = SizeArgument(argument: size), (64...8192).contains(sides.width),
            (64...8192).contains(sides.height)
        else {
            throw ValidationError(
                "'\(size)' is not a size; write it as 1024x768 (width x height) or 1024, 64 to 8192 each"
            )
        }
        let (width, height) = (sides.width, sides.height)
        try Picture.landscape(width: width, height: height)
            .writePNG(to: output, overwrite: force, durability: writing.durability)
        if common.json {
            return Terminal.print(["outputs": JSONValue([output]), "size": JSONValue(width: width, height: height)])
        }
        Terminal.print(common.quiet ? output : "wrote \(output) (\(width)x\(height))")
    }
}
