import Foundation

/// Writes a Swift file that holds the text of the given files: `EmbedRegistry ROOT OUTPUT FILE…`.
@main
struct EmbedRegistry {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3 else { throw CocoaError(.fileReadInvalidFileName) }
        var text = "/// The files of Registry/ and Configs/, by their path in the project.\n"
        text += "enum EmbeddedRegistry {\n    static let files: [(path: String, text: String)] = [\n"
        for path in arguments.dropFirst(3) {
            let content = try String(contentsOfFile: path, encoding: .utf8)
            let name = path.dropFirst(arguments[1].count).drop { $0 == "/" }
            text += "(#\"\(name)\"#, ####\"\"\"\n\(content)\n\"\"\"####),\n"
        }
        text += "    ]\n}\n"
        try text.write(toFile: arguments[2], atomically: true, encoding: .utf8)
    }
}
