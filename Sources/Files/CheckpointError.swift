public import TensorCore

/// Why a checkpoint could not be read or written: which file, where in it, what was found, what to do.
public struct CheckpointError: Refusal {
    /// Where in a file a fault lies.
    public enum Place: Sendable, Equatable {
        /// The file as a whole.
        case file
        /// Something that the caller said, where there is no file.
        case option(Words.Option)
        /// A byte, counted from the file's beginning.
        case byte(Int)
        /// A tensor.
        case tensor(String)
        /// A member of an archive, or a part of a file that has a name.
        case entry(String)
        /// An instruction of a pickle, and its byte in the pickle.
        case opcode(String, Int)
    }

    /// The file or folder.
    public let path: String
    /// Where in it.
    public let place: Place
    /// What is wrong, and what to do about it.
    public let fault: any Fault

    /// Makes an error.
    public init(_ path: String, _ place: Place = .file, _ fault: any Fault) {
        self.path = path
        self.place = place
        self.fault = fault
    }

    /// Makes an error of something that the caller said.
    public init(_ option: Words.Option, _ fault: any Fault) { self.init("", .option(option), fault) }

    /// One line: the path, the place, what is wrong; the remedy.
    public var description: String { line(Words.label) }

    /// The same, with options spelled as the one who shows it does.
    public func line(_ spelling: (Words.Option, String?) -> String) -> String {
        var line = path.isEmpty ? "" : shortened(path).escaped(limit: 100) + ": "
        switch place {
        case .option(let option):
            let name = spelling(option, nil)
            line += name.last == ":" ? name + " " : name + ": "
        case .file: break
        case .byte(let offset): line += "byte \(offset): "
        case .tensor(let name): line += "tensor \"\(name.escaped(limit: 60))\": "
        case .entry(let name): line += "\(name.escaped(limit: 60)): "
        case .opcode(let name, let offset): line += "pickle byte \(offset) (\(name)): "
        }
        line += fault.message
        if let remedy = fault.remedy { line += "; " + remedy.text(spelling) }
        return line.clipped(toBytes: fault.lineLimit)
    }
}

extension CheckpointError {
    /// The same in parts.
    public var details: RefusalDetails {
        var place = RefusalDetails.Place(path: path.isEmpty ? nil : path)
        switch self.place {
        case .file: break
        case .option(let option): place.option = "\(option)"
        case .byte(let offset): place.offset = offset
        case .tensor(let name): place.tensor = name
        case .entry(let name): place.entry = name
        case .opcode(let name, let offset): (place.entry, place.offset) = (name, offset)
        }
        return RefusalDetails(
            fault.kind,
            Words(fault.message),
            at: place,
            remedy: fault.remedy,
            candidates: fault.candidates
        )
    }
}

/// One broken rule: a case of an enumeration, whose wording stands beside it.
public protocol Fault: Error, Sendable {
    /// What sort of refusal it is, for programs.
    var kind: RefusalKind { get }
    /// What is wrong: lower case, no full stop, printable whatever the file holds.
    var message: String { get }
    /// What to do about it, or nil where the message says enough.
    var remedy: Words? { get }
    /// The most bytes that the whole line may have, whatever the file holds.
    var lineLimit: Int { get }
    /// What the caller can have meant, where several things are possible or a name is nearly one that is known.
    var candidates: [RefusalDetails.Candidate] { get }
}

extension Fault {
    /// With `dcae: error: ` before it, 300 bytes.
    public var lineLimit: Int { 285 }
    /// None.
    public var candidates: [RefusalDetails.Candidate] { [] }
}

/// The end of a long path, which tells more than its beginning.
package func shortened(_ path: String) -> String {
    path.unicodeScalars.count <= 100 ? path : "…" + String(path.unicodeScalars.suffix(99))
}
