import Actors

/// A variable with the type of its value.
struct Setting<Value: Sendable>: Sendable {
    let declaration: SettingDeclaration
    /// The value where the variable is not set.
    let fallback: Value
    /// Reads the variable's text; nil for what is not allowed.
    let parse: @Sendable (String) -> Value?
}

extension Setting {
    /// A variable without a default: nil where it is not set.
    static func optional<Wrapped>(
        _ declaration: SettingDeclaration,
        parse: @escaping @Sendable (String) -> Wrapped?
    ) -> Setting where Value == Wrapped? {
        Setting(declaration: declaration, fallback: nil) { text in parse(text).map { .some($0) } }
    }

    /// One of an enumeration's raw values.
    static func choice(
        _ name: String,
        default fallback: Value,
        summary: String
    ) -> Setting where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
        let allowed = Value.allCases.map(\.rawValue).joined(separator: " or ")
        let declaration = SettingDeclaration(name: name, defaultText: fallback.rawValue, allowed: allowed, summary: summary)
        return Setting(declaration: declaration, fallback: fallback) { Value(rawValue: $0.lowercased()) }
    }
}

extension Setting<Int> {
    static func integer(_ name: String, default fallback: Int, in range: ClosedRange<Int>, summary: String) -> Self {
        let declaration = SettingDeclaration(
            name: name,
            defaultText: "\(fallback)",
            allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            summary: summary
        )
        return Setting(declaration: declaration, fallback: fallback) { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension Setting<Duration> {
    static func seconds(_ name: String, default fallback: Int, in range: ClosedRange<Int>, summary: String) -> Self {
        let number = Setting<Int>.integer(name, default: fallback, in: range, summary: summary)
        return Setting(declaration: number.declaration, fallback: .seconds(fallback)) { text in
            number.parse(text).map { .seconds($0) }
        }
    }

    static func milliseconds(_ name: String, default fallback: Int, in range: ClosedRange<Int>, summary: String) -> Self {
        let number = Setting<Int>.integer(name, default: fallback, in: range, summary: summary)
        return Setting(declaration: number.declaration, fallback: .milliseconds(fallback)) { text in
            number.parse(text).map { .milliseconds($0) }
        }
    }
}

extension Setting<Bool> {
    /// Reads `true`, `yes`, `1`, `false`, `no` and `0`, in any case.
    static let parseFlag: @Sendable (String) -> Bool? = { text in
        switch text.lowercased() {
        case "true", "yes", "1": true
        case "false", "no", "0": false
        default: nil
        }
    }
}
