/// An error that says in one line what was refused, where, and what to do about it.
///
/// Every error type of this package conforms, so that the program prints all of them alike.
public protocol Refusal: Error, Sendable, CustomStringConvertible {
    /// The whole message: one line, printable, without a final full stop.
    var description: String { get }

    /// The whole message, with options spelled as the one who shows it does.
    func line(_ spelling: (Words.Option, String?) -> String) -> String

    /// The same in parts, for programs that read it.
    var details: RefusalDetails { get }
}

extension Refusal {
    /// The message itself, where it names no option.
    public func line(_ spelling: (Words.Option, String?) -> String) -> String { description }
}

/// What a refusal says, in parts.
public struct RefusalDetails: Sendable, Equatable {
    /// Where something is wrong: as much of it as is known.
    public struct Place: Sendable, Equatable {
        /// The file or folder.
        public var path: String?
        /// A part of a file that has a name, as a member of an archive.
        public var entry: String?
        /// A tensor, by its name.
        public var tensor: String?
        /// A layer of the network, by its name.
        public var layer: String?
        /// A byte, counted from the beginning of the file or of the entry.
        public var offset: Int?
        /// Something that the caller said.
        public var option: Words?

        /// A place of which the path is known, or nothing.
        public init(path: String? = nil) { self.path = path }

        /// Whether nothing is known.
        public var isEmpty: Bool { self == Place() }
    }

    /// Something that the caller can have meant.
    public enum Candidate: Sendable, Equatable {
        /// A variant of the registry, and its scaling factor where one is published.
        case variant(String, scalingFactor: Double?)
        /// Anything else that has a name.
        case name(String)
    }

    /// What sort of refusal it is.
    public var kind: RefusalKind
    /// What is wrong: without the place and without the remedy.
    public var message: Words
    /// Where.
    public var place: Place
    /// What to do about it.
    public var remedy: Words?
    /// What the caller can have meant, where several things are possible or a name is nearly one that is known.
    public var candidates: [Candidate]

    /// Puts the parts together.
    public init(
        _ kind: RefusalKind,
        _ message: Words,
        at place: Place = Place(),
        remedy: Words? = nil,
        candidates: [Candidate] = []
    ) {
        (self.kind, self.message, self.place, self.remedy, self.candidates) = (kind, message, place, remedy, candidates)
    }

    /// The same at a file, where the place does not name one.
    public func inFile(_ path: String?) -> RefusalDetails {
        var details = self
        if details.place.path == nil { details.place.path = path }
        return details
    }
}
