/// A setting that can't be used, in one line for whoever set it.
struct SettingsError: Error, Equatable, CustomStringConvertible {
    let description: String

    /// - Parameter message: one line without a secret.
    init(_ message: String) {
        description = message
    }

    /// A value that is not among those allowed.
    init(_ declaration: SettingDeclaration, name: String, value: String) {
        let shown = declaration.printable(value).map { ", not \($0)" } ?? " (the value is not shown)"
        description = "\(name) must be \(declaration.allowed)\(shown)"
    }
}
