internal import Files
internal import Libc

/// The variables of the environment.
enum Environment {
    /// The value of a variable; nil where it is not set.
    static func value(_ name: String) -> String? {
        getenv(name).map { SystemText.text(cString: $0) }
    }
}
