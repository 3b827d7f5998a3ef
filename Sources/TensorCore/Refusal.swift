/// An error that says in one line what was refused, where, and what to do about it.
///
/// Every error type of this package conforms, so that the program prints all of them alike.
public protocol Refusal: Error, Sendable, CustomStringConvertible {
    /// The whole message: one line, printable, without a final full stop.
    var description: String { get }

    /// The whole message, with options spelled as the one who shows it does.
    func line(_ spelling: (Words.Option, String?) -> String) -> String
}

extension Refusal {
    /// The message itself, where it names no option.
    public func line(_ spelling: (Words.Option, String?) -> String) -> String { description }
}
