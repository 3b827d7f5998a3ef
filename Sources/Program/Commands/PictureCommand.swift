internal import ArgumentParser
internal import Images
internal import StrictJSON

struct PictureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "picture",
        abstract: "Draws a landscape to try things with.",
        discussion: """
            The same size gives the same picture everywhere.

              dcae picture -o landscape.png --size 1024x768
            """
    )

    @Option(name: .shortAndLong, help: ArgumentHelp("The PNG file to write.", valueName: "png"), completion: .file())
    var output: String

    @Option(help: ArgumentHelp("Width x height, 64 to 8192 each.", valueName: "size"))
    var size = "1024x1024"

    @Flag(help: "Replace a file that exists.")
    var force = false

    @OptionGroup var writing: WritingArguments
    @OptionGroup var common: CommonOptions

    func run() throws {
        let sides = size.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard sides.count == 2, let width = sides[0], let height = sides[1], (64...8192).contains(width),
            (64...8192).contains(height)
        else {
            throw ValidationError("'\(size)' is no size; write it as 1024x768 (width x height), 64 to 8192 each")
        }
        try Picture.landscape(width: width, height: height)
            .writePNG(to: output, overwrite: force, durability: writing.durability)
        if common.json {
            return Terminal.print(["outputs": JSONValue([output]), "size": JSONValue(width: width, height: height)])
        }
        Terminal.print(common.quiet ? output : "wrote \(output) (\(width)x\(height))")
    }
}
