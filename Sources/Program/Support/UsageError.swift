internal import ArgumentParser
internal import StrictJSON
internal import TensorCore

/// What is wrong with a command line, as `--json` says it.
enum UsageError {
    /// Ends the report with an error that is no refusal: one of the parser, or of a check of what was typed.
    ///
    /// - Parameters:
    ///   - message: its words, which may be several lines.
    ///   - arguments: what was typed.
    ///   - code: the exit code.
    static func report(_ message: String, _ arguments: [String], _ code: ExitCode) {
        let words = Array(arguments.drop { $0.hasPrefix("-") })
        let command = Program.name(in: words)
        // Where the command line could not be understood, nobody has asked for the object yet.
        if !Report.isAsked, arguments.prefix(while: { $0 != "--" }).contains("--json") {
            Report.begin(command, input: .null)
        }
        switch code {
        case checkFailed: Report.end(Ending.finding("a check found something").details)
        case couldNot: Report.end(Ending.someFailed("not all of it could be done").details)
        case .validationFailure:
            let unknown = command == nil ? words.first : nil
            Report.end(unknown.map(unknownCommand) ?? details(message, command: command))
        default: Report.end(RefusalDetails(.unexpected, Words(oneLine(message))))
        }
    }

    /// What is wrong with the command line, and how the command is used: the first line looks like that of every other error.
    ///
    /// - Returns: nil where the parser has a text that is no error, as the help.
    static func words(of error: any Error, _ arguments: [String]) -> String? {
        let code = Program.exitCode(for: error)
        guard code != .success, code != couldNot, code != checkFailed else { return nil }
        let words = Array(arguments.drop { $0.hasPrefix("-") })
        if Program.name(in: words) == nil, let typed = words.first { return answer(unknownCommand: typed) }
        let command = Program.entry(arguments).command
        var text = command.fullMessage(for: error)
        if let own = command.configuration.commandName, let parent = command.configuration._superCommandName {
            text = text.replacing("See '\(own) --help'", with: "See '\(parent) \(own) --help'")
        }
        if let hint = valueWithHyphen(text, arguments) { text = hint }
        // What is found wrong once the command runs is no less its own.
        if let name = Program.name(in: words), let range = text.firstRange(of: "\nUsage: dcae <subcommand>") {
            text = text[..<range.lowerBound] + "\n  See 'dcae \(name) --help' for more information."
        }
        return text.hasPrefix("Error: ") ? "dcae: error: " + text.dropFirst("Error: ".count) : text
    }

    /// The parser takes what begins with a hyphen for an option, and then misses a value that is there.
    private static func valueWithHyphen(_ text: String, _ arguments: [String]) -> String? {
        guard text.hasPrefix("Error: Missing value for '") else { return nil }
        let option = text.dropFirst("Error: Missing value for '".count).prefix { $0 != " " && $0 != "'" }
        guard let position = arguments.firstIndex(of: String(option)), position + 1 < arguments.count,
            arguments[position + 1].hasPrefix("-")
        else { return nil }
        let value = arguments[position + 1].escaped(limit: 40)
        let rest = text.drop { !$0.isNewline }
        return "Error: Missing value for '\(option)'; one that begins with a hyphen is written \(option)=\(value)"
            + rest
    }

    /// What is wrong with `help` of a command that is not there; nil where that is not asked for.
    static func unknownTopic(_ arguments: [String]) -> String? {
        guard arguments.first == "help", arguments.count > 1, !arguments[1].hasPrefix("-"),
            Program.name(in: [arguments[1]]) == nil, arguments[1] != "help", !arguments.contains("--json")
        else { return nil }
        return answer(unknownCommand: arguments[1])
    }

    private static func answer(unknownCommand typed: String) -> String {
        let refusal = unknownCommand(typed)
        let near = refusal.candidates.compactMap { if case .name(let name) = $0 { name } else { nil } }.first
        return "dcae: error: \(refusal.message)" + (near.map { "; did you mean \($0)?" } ?? "")
            + "\nSee 'dcae --help' for all commands."
    }

    private static func oneLine(_ message: String) -> String {
        message.split(whereSeparator: \.isNewline).joined(separator: " ").escaped(limit: 1000)
    }

    private static func details(_ message: String, command: String?) -> RefusalDetails {
        let line = oneLine(message)
        let help = (["dcae"] + (command.map { [$0] } ?? []) + ["--help"]).joined(separator: " ")
        return RefusalDetails(
            .usage,
            Words(line),
            remedy: Words("see `\(help)`"),
            candidates: suggestions(in: line).map { .name($0) }
        )
    }

    /// The parser speaks of the first flag then, as of `--json`.
    private static func unknownCommand(_ typed: String) -> RefusalDetails {
        let known = Program.configuration.subcommands.map { $0.configuration.commandName ?? $0._commandName }
        return RefusalDetails(
            .usage,
            "there is no command \"\(typed.escaped(limit: 60))\"",
            remedy: "`dcae --help` shows all",
            candidates: nearest(to: typed, among: known).map { [.name($0)] } ?? []
        )
    }

    /// What the parser suggests: `Did you mean '--force'?`
    private static func suggestions(in message: String) -> [String] {
        guard let range = message.firstRange(of: /[Dd]id you mean '([^']+)'/),
            let name = message[range].split(separator: "'").last
        else { return [] }
        return [String(name)]
    }
}
