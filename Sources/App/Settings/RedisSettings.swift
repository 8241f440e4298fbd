import Foundation

/// Where Redis is and how to get in.
struct RedisSettings: Hashable, Sendable {
    enum Endpoint: Hashable, Sendable {
        case tcp(host: String, port: Int)
        case unix(path: String)
    }

    var endpoint: Endpoint
    var username: String?
    var password: Secret?
    var database = 0
    var usesTLS = false
    /// A PEM file with the authorities to trust instead of the system's.
    var caFile: String?

    init(endpoint: Endpoint) {
        self.endpoint = endpoint
    }
}

extension RedisSettings {
    /// Reads `redis://[user[:password]@]host[:port][/db]`, the same with `rediss` (TLS), or `unix://[user[:password]@]/path[?db=n]`;
    /// nil for anything else. User, password and path are percent-decoded.
    init?(url: String) {
        guard let mark = url.firstRange(of: "://") else { return nil }
        let scheme = url[..<mark.lowerBound].lowercased()
        var rest = url[mark.upperBound...]
        var credentials: Substring?
        let authorityEnd = scheme == "unix" ? rest.endIndex : rest.firstIndex(of: "/") ?? rest.endIndex
        if let at = rest[..<authorityEnd].lastIndex(of: "@") {
            credentials = rest[..<at]
            rest = rest[rest.index(after: at)...]
        }
        switch scheme {
        case "redis", "rediss":
            self.init(authorityAndPath: rest)
            usesTLS = scheme == "rediss"
        case "unix": self.init(socketPathAndQuery: rest)
        default: return nil
        }
        guard take(credentials: credentials) else { return nil }
    }

    private init?(authorityAndPath text: Substring) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let (host, port) = Self.hostAndPort(parts[0]) else { return nil }
        self.init(endpoint: .tcp(host: host, port: port))
        if parts.count == 2, !parts[1].isEmpty {
            guard let number = Self.database(parts[1]) else { return nil }
            database = number
        }
    }

    private init?(socketPathAndQuery text: Substring) {
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts[0].hasPrefix("/"), let path = String(parts[0]).removingPercentEncoding else { return nil }
        self.init(endpoint: .unix(path: path))
        if parts.count == 2 {
            guard parts[1].hasPrefix("db="), let number = Self.database(parts[1].dropFirst(3)) else { return nil }
            database = number
        }
    }

    private mutating func take(credentials: Substring?) -> Bool {
        guard let credentials else { return true }
        let parts = credentials.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let user = String(parts[0]).removingPercentEncoding else { return false }
        username = user.isEmpty ? nil : user
        guard parts.count == 2 else { return true }
        guard let password = String(parts[1]).removingPercentEncoding else { return false }
        self.password = password.isEmpty ? nil : Secret(password)
        return true
    }

    private static func hostAndPort(_ text: Substring) -> (host: String, port: Int)? {
        var host = text
        var port: Substring?
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = text.lastIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        guard isHost(host) else { return nil }
        guard let port else { return (String(host), 6379) }
        guard let number = UInt16(port), number > 0 else { return nil }
        return (String(host), Int(number))
    }

    static func database(_ text: some StringProtocol) -> Int? {
        guard let number = Int(String(text)), (0...65_535).contains(number) else { return nil }
        return number
    }

    /// Whether the text can be a host name or an address: nothing in it that separates parts of a URL.
    static func isHost(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/@?#,[]\"\\".utf8.contains($0) }
    }
}
