/// A file of `NAME=value` lines. Empty lines and lines that begin with `#` are passed over, `export ` before a name is allowed, and
/// quotes around a value don't belong to it. Nothing is expanded.
struct EnvironmentFile: Sendable {
    private(set) var variables: [String: String] = [:]

    /// - Parameters:
    ///   - text: what the file holds.
    ///   - path: its name, for messages.
    init(_ text: String, path: String) throws(SettingsError) {
        for (offset, line) in text.split(whereSeparator: \.isNewline, keepsEmpty: true).enumerated() {
            let trimmed = line.trimmed
            if trimmed.isEmpty || trimmed.hasPrefix("#") { continue }
            let parts = trimmed.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            var name = parts[0].trimmed
            if name.hasPrefix("export ") { name = name.dropFirst("export ".count).trimmed }
            guard parts.count == 2, Self.isName(name) else {
                throw SettingsError("\(path), line \(offset + 1): must be NAME=value")
            }
            variables[String(name)] = Self.unquoted(parts[1].trimmed)
        }
    }

    private static func isName(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, first < UInt8(ascii: "0") || first > UInt8(ascii: "9") else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
            default: false
            }
        }
    }

    private static func unquoted(_ text: Substring) -> String {
        for quote in ["\"", "'"] where text.count >= 2 && text.hasPrefix(quote) && text.hasSuffix(quote) {
            return String(text.dropFirst().dropLast())
        }
        return String(text)
    }
}

extension StringProtocol where SubSequence == Substring {
    fileprivate func split(whereSeparator isSeparator: (Character) -> Bool, keepsEmpty: Bool) -> [Substring] {
        split(maxSplits: .max, omittingEmptySubsequences: !keepsEmpty, whereSeparator: isSeparator)
    }

    fileprivate var trimmed: Substring {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else { return "" }
        return self[first...last]
    }
}
