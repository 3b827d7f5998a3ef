internal import ArgumentParser
internal import CBuild
internal import CPlatform
internal import CheckpointIO
internal import Files
internal import Inference
internal import ModelZoo
internal import TensorCore

/// Parses the command line, runs one command, and turns what it throws into one line and an exit code.
@main
struct Program: ParsableCommand {
    static let version = "0.2.0"
    /// The version, and the commit where the build knew one: `0.2.0 (1a2b3c4d5)`.
    static var fullVersion: String {
        let commit = String(cString: dcae_build_commit())
        return commit.isEmpty ? version : "\(version) (\(commit))"
    }

    static let configuration = CommandConfiguration(
        commandName: "dcae",
        abstract: "Converts, checks, compares and runs Deep Compression Autoencoder checkpoints.",
        discussion: """
            A PATH is a checkpoint file (safetensors or PyTorch, plain or compressed with
            zstd), a model folder of any layout, a pipeline, a shard index, a config.json,
            or a model on the Hub (org/name, or a variant). The format is found from the
            content, not from the name.

              dcae pull sana-1.1                          fetches it from the Hub
              dcae convert model.safetensors -o sana/     to the diffusers layout, checked
              dcae verify sana/                           checked against its architecture
              dcae identify model.safetensors             which variant it is, and why
              dcae diff model.safetensors sana/           what differs, in any layout
              dcae hash sana/ -o sana.manifest            checksums to check later
              dcae list                                   the known variants
              dcae encode sana/ photo.png -o latent.safetensors --scaled
              dcae decode sana/ latent.safetensors -o photo.png
              dcae roundtrip sana/ photo.png -o sheet.png
              dcae scale sana/ photos/                    the scaling factor, measured
              dcae eval sana/ photos/                     the quality, measured

            Exit codes: 0 done, 1 a check found something, 2 the work could not be done,
            64 wrong usage. Completions: dcae --generate-completion-script bash|zsh|fish
            """,
        version: fullVersion,
        subcommands: [
            ListCommand.self, ShowCommand.self, TokensCommand.self, InspectCommand.self, IdentifyCommand.self,
            DiffCommand.self, HashCommand.self, ConvertCommand.self, VerifyCommand.self, EncodeCommand.self,
            DecodeCommand.self, RoundtripCommand.self, BenchCommand.self, ScaleCommand.self, EvalCommand.self,
            SynthesizeCommand.self,
            PictureCommand.self, PullCommand.self, CacheCommand.self, ManualCommand.self,
        ]
    )

    static func main() {
        dcae_prepare_descriptors()
        dcae_install_signal_handlers()
        ReadHistory.begin()
        if let asked = Environment.value("DCAE_ISA"), !asked.isEmpty, asked != "\(InstructionSet.best)" {
            let names = InstructionSet.available.map { "\($0)" }.joined(separator: ", ")
            Terminal.warn(
                .note,
                "DCAE_ISA is \(asked.escaped(limit: 20)); this processor has \(names): the best of these is used"
            )
        }
        var reporting: (any ReportingCommand)?
        if let words = UsageError.unknownTopic(arguments) {
            words.split(separator: "\n").forEach { Terminal.say(String($0)) }
            exit(withError: ExitCode.validationFailure)
        }
        do {
            let entry = entry(arguments)
            var command = try entry.command.parseAsRoot(entry.arguments)
            reporting = command as? any ReportingCommand
            reporting?.beginReport()
            try command.run()
            Terminal.release()
            Report.end(nil)
        } catch let error as any Refusal {
            Terminal.fail(error)
            let code = code(of: error)
            let registry = Report.isAsked ? try? reporting?.common.loadRegistry() : nil
            Report.end(RefusalDetails(error, isFinding: code == checkFailed, registry: registry))
            exit(withError: code)
        } catch let ending as Ending {
            Terminal.release()
            Report.end(ending.details)
            exit(withError: ending.kind == .finding ? checkFailed : couldNot)
        } catch {
            Terminal.release()
            let code = exitCode(for: error)
            let text = UsageError.words(of: error, arguments) ?? fullMessage(for: error)
            // The help is a result like others, which must be seen to be written.
            guard code != .success else { return Terminal.write(text + "\n", to: 1) }
            if !text.isEmpty {
                text.split(separator: "\n", omittingEmptySubsequences: false).forEach { Terminal.say(String($0)) }
            }
            UsageError.report(message(for: error), arguments, code)
            exit(withError: code)
        }
    }

    /// Which command parses what was typed, and what of it.
    ///
    /// A command with arguments of its own takes every word for one, so its subcommands are looked for before: the first word that
    /// is not an option.
    static func entry(_ arguments: [String]) -> (command: any ParsableCommand.Type, arguments: [String]) {
        let rest = arguments.dropFirst()
        guard let first = arguments.first, let parent = subcommand(first, of: Self.self),
            let position = rest.firstIndex(where: { !$0.hasPrefix("-") }),
            let child = subcommand(rest[position], of: parent), child.configuration._superCommandName != nil
        else { return (Self.self, arguments) }
        let own = Array(rest[..<position] + rest[(position + 1)...])
        // Nothing at all asks the parser for the help.
        return (child, own.isEmpty ? ["--"] : own)
    }

    private static func subcommand(
        _ name: String,
        of parent: any ParsableCommand.Type
    ) -> (any ParsableCommand.Type)? {
        parent.configuration.subcommands.first { ($0.configuration.commandName ?? $0._commandName) == name }
    }

    /// What was typed, to the byte.
    private static var arguments: [String] {
        guard let typed = dcae_started_with() else {
            return (1..<max(1, Int(CommandLine.argc))).compactMap { index in
                CommandLine.unsafeArgv[index].map { SystemText.text(cString: $0) }
            }
        }
        var all: [String] = []
        var next = typed
        while let text = next.pointee {
            all.append(SystemText.text(cString: text))
            next += 1
        }
        return Array(all.dropFirst())
    }

    /// A name that is not known is wrong usage, as a flag is that is not known.
    private static func code(of error: any Refusal) -> ExitCode {
        if (error as? PlacedRefusal)?.isFinding == true { return checkFailed }
        let fault = (error as? CheckpointError)?.fault as? RegistryFault
        return fault?.isWrongUsage == true ? .validationFailure : couldNot
    }
}
