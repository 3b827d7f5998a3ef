import Foundation

/// The built program, run as a user runs it.
package enum Program {
    /// What a run gave.
    package struct Result {
        package let status: Int32
        package let output: String
        package let error: String
        /// Whether a signal ended it.
        package let wasSignalled: Bool

        /// The lines of standard error.
        package var errorLines: [String] {
            error.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
        }
    }

    /// The program in the folder of the tests' own bundle.
    package static let path: String = {
        var folder = Bundle.main.bundleURL
        for _ in 0..<4 {
            let candidate = folder.appending(path: "dcae").path
            if FileManager.default.isExecutableFile(atPath: candidate),
                (try? FileManager.default.attributesOfItem(atPath: candidate)[.type] as? FileAttributeType)
                    == .typeRegular
            {
                return candidate
            }
            folder.deleteLastPathComponent()
        }
        return Fixtures.project + "/.build/release/dcae"
    }()

    /// Runs the program to its end.
    ///
    /// - Parameters:
    ///   - arguments: those of the program.
    ///   - environment: what is added to the environment.
    ///   - folder: where it runs.
    ///   - limits: commands of the shell that come first, as `ulimit -v 524288`.
    ///   - under: a command that runs it, as `strace`, with its options.
    package static func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        in folder: String? = nil,
        limits: String? = nil,
        under: [String] = []
    ) throws -> Result {
        if !under.isEmpty {
            return try checked(arguments, try start("/usr/bin/env", under + [path] + arguments, environment, folder))
        }
        guard let limits else { return try checked(arguments, try start(path, arguments, environment, folder)) }
        return try shell(limits + "; exec \"$0\" \"$@\"", arguments, environment: environment, in: folder)
    }

    /// Every output of `--json` that any test sees keeps the contract.
    private static func checked(_ arguments: [String], _ result: Result) throws -> Result {
        try Contract.check(result, of: arguments)
        return result
    }

    /// Runs a line of the shell, in which `$0` is the program.
    package static func shell(
        _ line: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        in folder: String? = nil
    ) throws -> Result {
        try start("/bin/sh", ["-c", line, path] + arguments, environment, folder)
    }

    /// Whether a program is there, for tests that need it.
    package static func exists(_ name: String) -> Bool {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return (path.split(separator: ":") + ["/usr/bin", "/usr/sbin"]).contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
        }
    }

    private static func start(
        _ program: String,
        _ arguments: [String],
        _ environment: [String: String],
        _ folder: String?
    ) throws -> Result {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        var variables = ProcessInfo.processInfo.environment
        variables["DCAE_REGISTRY"] = nil
        variables.merge(environment) { $1 }
        process.environment = variables
        if let folder { process.currentDirectoryURL = URL(filePath: folder) }
        let (output, error) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = error
        process.standardInput = FileHandle.nullDevice
        try process.run()
        // Standard error is read in another thread, so that neither pipe can fill up while the other is waited for.
        nonisolated(unsafe) var errorData = Data()
        let reading = DispatchQueue(label: "standard error")
        reading.async { errorData = error.fileHandleForReading.readDataToEndOfFile() }
        let outputData = output.fileHandleForReading.readDataToEndOfFile()
        reading.sync {}
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus,
            output: String(decoding: outputData, as: UTF8.self),
            error: String(decoding: errorData, as: UTF8.self),
            wasSignalled: process.terminationReason == .uncaughtSignal
        )
    }
}
