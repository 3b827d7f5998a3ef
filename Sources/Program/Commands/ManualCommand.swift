internal import ArgumentParser

/// Prints the manual page, which `make install` puts where `man dcae` finds it.
struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual",
        abstract: "Prints the manual page, which holds the help of all commands.",
        shouldDisplay: false
    )

    func run() {
        Terminal.write(Self.page, to: 1)
    }

    /// The page in roff's man macros.
    static var page: String {
        let root = Program.configuration
        var text = """
            .TH DCAE 1 "" "dcae \(Program.version)" "User Commands"
            .SH NAME
            dcae \\- \(escape(root.abstract))
            .SH SYNOPSIS
            .B dcae
            .I command
            .RI [ options ]
            .SH DESCRIPTION

            """
        text += verbatim(root.discussion) + ".SH COMMANDS\n"
        for command in commands(of: Program.self) {
            let name = Program.name(of: command) ?? ""
            text += ".SS dcae \(escape(name))\n"
            text += verbatim(Program.helpMessage(for: command, columns: 76))
        }
        return text
    }

    private static func commands(of parent: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
        var found: [any ParsableCommand.Type] = []
        for child in parent.configuration.subcommands where child.configuration.shouldDisplay {
            found.append(child)
            found += commands(of: child)
        }
        return found
    }

    /// Lines that are shown as they are.
    private static func verbatim(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            // A dot or a quote at the start of a line would be taken for a macro.
            (line.hasPrefix(".") || line.hasPrefix("'") ? "\\&" : "") + escape(String(line))
        }
        return ".nf\n" + lines.joined(separator: "\n") + "\n.fi\n"
    }

    private static func escape(_ text: String) -> String {
        text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
    }
}
