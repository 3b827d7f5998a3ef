internal import ArgumentParser
internal import StrictJSON

/// A command that writes an object with `--json`.
protocol ReportingCommand: ParsableCommand {
    var common: CommonOptions { get }
    /// What the command is about, as the user named it: a text where it is about one thing, a list where it is about several,
    /// null where it reads nothing.
    var input: JSONValue { get }
    /// A word among the arguments that makes it another command, as merge.
    var verb: String? { get }
}

extension ReportingCommand {
    /// Begins the report of this run, if one is wanted.
    func beginReport() {
        guard common.json else { return }
        let words = [Program.name(of: Self.self), verb].compactMap(\.self)
        Report.begin(words.joined(separator: " "), input: input)
    }

    var verb: String? { nil }
}

extension ListCommand: ReportingCommand { var input: JSONValue { .null } }
extension ShowCommand: ReportingCommand { var input: JSONValue { .string(variant) } }
extension TokensCommand: ReportingCommand { var input: JSONValue { JSONValue(sizes) } }
extension InspectCommand: ReportingCommand { var input: JSONValue { .string(path) } }
extension IdentifyCommand: ReportingCommand { var input: JSONValue { .string(path) } }
extension DiffCommand: ReportingCommand { var input: JSONValue { JSONValue([a, b]) } }
extension HashCommand: ReportingCommand { var input: JSONValue { .string(path) } }
extension ConvertCommand: ReportingCommand { var input: JSONValue { .string(path) } }
extension VerifyCommand: ReportingCommand { var input: JSONValue { .string(path) } }
extension EncodeCommand: ReportingCommand { var input: JSONValue { .string(path) } }
extension DecodeCommand: ReportingCommand { var input: JSONValue { .string(path) } }
extension RoundtripCommand: ReportingCommand { var input: JSONValue { .string(path) } }
extension BenchCommand: ReportingCommand { var input: JSONValue { .string(path) } }
extension SynthesizeCommand: ReportingCommand { var input: JSONValue { .string(variant) } }
extension PictureCommand: ReportingCommand { var input: JSONValue { .null } }
extension PullCommand: ReportingCommand { var input: JSONValue { JSONValue(names) } }
extension CacheCommand.List: ReportingCommand { var input: JSONValue { JSONValue(names) } }
extension CacheCommand.Verify: ReportingCommand { var input: JSONValue { JSONValue(names) } }
extension CacheCommand.Remove: ReportingCommand { var input: JSONValue { JSONValue(names) } }
extension CacheCommand.Prune: ReportingCommand { var input: JSONValue { JSONValue(names) } }

extension ScaleCommand: ReportingCommand { var input: JSONValue { .string(path) } }
extension ScaleMergeCommand: ReportingCommand { var input: JSONValue { JSONValue(parts) } }

extension EvalCommand: ReportingCommand {
    var verb: String? { isMerge || isComparison ? paths.first : nil }
    var input: JSONValue { JSONValue(Array(paths.dropFirst(verb == nil ? 0 : 1))) }
}

extension Program {
    /// The words that name a command, as `cache verify`.
    static func name(of command: any ParsableCommand.Type) -> String? {
        func path(from parent: any ParsableCommand.Type) -> [String]? {
            for child in parent.configuration.subcommands {
                let name = child.configuration.commandName ?? child._commandName
                if child == command { return [name] }
                if let rest = path(from: child) { return [name] + rest }
            }
            return nil
        }
        return path(from: Program.self)?.joined(separator: " ")
    }

    /// The same for what was typed, as far as its words name a command.
    static func name(in arguments: [String]) -> String? {
        var (words, parent) = ([String](), Program.self as any ParsableCommand.Type)
        for argument in arguments {
            guard
                let child = parent.configuration.subcommands.first(where: {
                    ($0.configuration.commandName ?? $0._commandName) == argument
                })
            else { break }
            words.append(argument)
            parent = child
        }
        return words.isEmpty ? nil : words.joined(separator: " ")
    }
}
