internal import StrictJSON
internal import Synchronization
internal import TensorCore

/// What `--json` writes: one object for each run, however it ends. docs/json.md describes it.
enum Report {
    /// The contract that the object keeps.
    static let schema = "dcae/1"

    /// Something that the user should know of the data, though the work went on.
    enum Warning: String, CaseIterable {
        /// What was decided, or left out on purpose.
        case note
        /// What a model says of itself does not fit together.
        case model
        /// A field of a configuration is missing or unknown.
        case config
        /// Values became infinite or zero by a cast.
        case castLoss = "cast_loss"
        /// Values are NaN or infinite, or odd in another way.
        case values
        /// An input was passed over.
        case input
        /// A measurement says less than it seems to.
        case measurement
    }

    private struct State {
        var isAsked = false
        var command: String?
        var input: JSONValue = .null
        var result: JSONValue = .null
        var warnings: [JSONValue] = []
    }

    private static let state = Mutex(State())

    /// Whether the run is to write an object, and nothing else, to standard output.
    static var isAsked: Bool { state.withLock { $0.isAsked } }

    /// Says that an object is wanted, and of what.
    ///
    /// - Parameters:
    ///   - command: the words that name the command, as `cache verify`; nil where they are not known.
    ///   - input: what the command is about, as the user named it.
    static func begin(_ command: String?, input: JSONValue) {
        state.withLock { state in
            (state.isAsked, state.command, state.input) = (true, command, input)
        }
    }

    /// Keeps the result; a later one takes its place.
    static func keep(_ result: JSONValue) {
        state.withLock { $0.result = result }
    }

    /// Keeps a warning; the same one only once.
    static func keep(_ kind: Warning, _ message: String) {
        state.withLock { state in
            guard state.isAsked else { return }
            let warning: JSONValue = ["kind": .string(kind.rawValue), "message": .string(message)]
            // A run over a million pictures has as many warnings, of which only the last few can be repeated.
            if !state.warnings.suffix(32).contains(warning) { state.warnings.append(warning) }
        }
    }

    /// Writes the object, where one is wanted.
    ///
    /// - Parameter error: why the exit code is not 0; nil where it is.
    static func end(_ error: RefusalDetails?) {
        let state = state.withLock { $0 }
        guard state.isAsked else { return }
        Terminal.writeJSON([
            "schema": .string(schema),
            "command": JSONValue(state.command),
            "input": state.input,
            "ok": .bool(error == nil),
            "result": state.result,
            "warnings": .array(state.warnings),
            "error": error?.document ?? .null,
        ])
    }
}

/// The end of a command that has shown its result, and whose exit code is not 0 all the same.
struct Ending: Error {
    /// What is wrong, in one line.
    let message: String
    /// `finding`, or `some_failed`.
    let kind: RefusalKind

    /// What a check says: exit code 1.
    static func finding(_ message: String) -> Ending { Ending(message: message, kind: .finding) }
    /// What was not done of a work of many parts: exit code 2.
    static func someFailed(_ message: String) -> Ending { Ending(message: message, kind: .someFailed) }

    var details: RefusalDetails { RefusalDetails(kind, Words(message)) }
}
