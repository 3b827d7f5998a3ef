internal import TensorCore

/// How the program spells what its user can say: the only place that knows flags of the libraries' options.
enum Flags {
    static func spelling(_ option: Words.Option, _ value: String?) -> String {
        name(option) + (value.map { " \($0)" } ?? "")
    }

    private static func name(_ option: Words.Option) -> String {
        switch option {
        case .overwrite: "--force"
        case .output: "-o"
        case .pictures: "pictures"
        default:
            option.rawValue.reduce(into: "--") { flag, letter in
                if letter.isUppercase { flag += "-" }
                flag += letter.lowercased()
            }
        }
    }
}

extension Words {
    /// The sentence as the program shows it.
    var forProgram: String { text(Flags.spelling) }
}
