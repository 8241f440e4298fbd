/// What people are told about one variable: the source of messages, of `--help` and of the table in the documentation.
struct SettingDeclaration: Sendable {
    enum Secrecy: Sendable {
        /// The value may be shown.
        case open
        /// Of an address: as much is shown as can hold no password.
        case credentials
        /// The value is never shown.
        case secret
    }

    let name: String
    /// Another name for the same variable; the first one wins where both are set.
    var alias: String?
    /// What holds where the variable is not set, for people.
    let defaultText: String
    /// Completes the sentence "must be …".
    let allowed: String
    var secrecy = Secrecy.open
    /// What it is for, in a sentence.
    let summary: String

    /// Whether `NAME_FILE` may name a file with the value.
    var mayBeInFile: Bool {
        switch secrecy {
        case .open: false
        case .credentials, .secret: true
        }
    }

    /// The value as it may be printed; nil where it may not.
    func printable(_ value: String) -> String? {
        switch secrecy {
        case .open: value.quotedForOneLine
        case .credentials: ShownAddress(value)?.description.quotedForOneLine
        case .secret: nil
        }
    }
}

extension String {
    /// In double quotes, at most 80 characters of it, with nothing that could break or colour a line.
    fileprivate var quotedForOneLine: String {
        let shown = prefix(80).unicodeScalars.map { $0 == "…" || $0.isASCII && $0.value >= 0x20 && $0.value != 0x7F ? Character($0) : "?" }
        return "\"" + String(shown) + (count > 80 ? "…" : "") + "\""
    }
}
