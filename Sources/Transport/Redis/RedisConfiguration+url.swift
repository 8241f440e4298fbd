extension RedisConfiguration {
    /// Reads `redis://[user[:password]@]host[:port][/database]`, `rediss://…` for TLS, or
    /// `unix:///path?db=…&password=…&username=…`; every part may be percent-encoded.
    ///
    /// - Throws: `.configuration`; the message names the part that is wrong and never quotes it, as it may be part of a password.
    package init(url: String) throws(RedisError) {
        guard let separator = url.firstRange(of: "://") else {
            throw Self.invalid("the scheme is missing: redis://host:port is expected")
        }
        let rest = url[separator.upperBound...]
        switch url[..<separator.lowerBound].lowercased() {
        case "redis": try self.init(authority: rest, usesTLS: false)
        case "rediss": try self.init(authority: rest, usesTLS: true)
        case "unix": try self.init(socket: rest)
        case "redis+sentinel": throw Self.invalid("redis+sentinel:// is not supported by this build")
        case "redis+cluster": throw Self.invalid("redis+cluster:// is not supported by this build")
        default: throw Self.invalid("the scheme is not one of redis, rediss, unix")
        }
    }

    private init(authority rest: Substring, usesTLS: Bool) throws(RedisError) {
        let authority = rest.prefix { !"/?#".contains($0) }
        let tail = rest[authority.endIndex...]
        guard !tail.contains("@") else {
            throw Self.invalid("the characters / ? # @ in a user name or password have to be percent-encoded")
        }
        var host = authority
        self.init(endpoint: .unix(path: ""), usesTLS: usesTLS)
        if let at = authority.lastIndex(of: "@") {
            host = authority[authority.index(after: at)...]
            try readCredentials(authority[..<at])
        }
        endpoint = try Self.endpoint(host)
        let path = tail.prefix { !"?#".contains($0) }.drop { $0 == "/" }
        if !path.isEmpty { database = try Self.databaseNumber(Self.decoded(path, part: "the database")) }
        try readQuery(tail)
    }

    private init(socket rest: Substring) throws(RedisError) {
        let path = try Self.decoded(rest.prefix { !"?#".contains($0) }, part: "the path")
        guard path.hasPrefix("/") else { throw Self.invalid("a socket's path has to be absolute: unix:///run/redis.sock") }
        self.init(endpoint: .unix(path: path))
        try readQuery(rest)
    }

    private mutating func readCredentials(_ text: Substring) throws(RedisError) {
        guard let colon = text.firstIndex(of: ":") else { throw Self.invalid("there is a user name without a password") }
        let user = try Self.decoded(text[..<colon], part: "the user name")
        let secret = try Self.decoded(text[text.index(after: colon)...], part: "the password")
        guard !secret.isEmpty || user.isEmpty else { throw Self.invalid("there is a user name without a password") }
        username = user.isEmpty ? nil : user
        password = secret.isEmpty ? nil : secret
    }

    private mutating func readQuery(_ text: Substring) throws(RedisError) {
        guard let mark = text.firstIndex(of: "?") else { return }
        let query = text[text.index(after: mark)...].prefix { $0 != "#" }
        for pair in query.split(separator: "&") {
            let value = try Self.decoded(pair.drop { $0 != "=" }.dropFirst(), part: "the query")
            switch pair.prefix(while: { $0 != "=" }) {
            case "db": database = try Self.databaseNumber(value)
            case "username": username = value.isEmpty ? nil : value
            case "password": password = value.isEmpty ? nil : value
            default: throw Self.invalid("the query may hold db, username and password only")
            }
        }
        guard username == nil || password != nil else { throw Self.invalid("there is a user name without a password") }
    }

    private static func endpoint(_ text: Substring) throws(RedisError) -> Endpoint {
        var host = text
        var port: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw invalid("the bracket after the address is missing") }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw invalid("only a port may follow the address") }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        let name = try decoded(host, part: "the host")
        guard !name.isEmpty else { throw invalid("the host is missing") }
        guard let port else { return .tcp(host: name, port: 6_379) }
        guard let number = Int(port), (1...65_535).contains(number) else {
            throw invalid("the port is not a number from 1 to 65535")
        }
        return .tcp(host: name, port: number)
    }

    private static func databaseNumber(_ text: String) throws(RedisError) -> Int {
        guard let number = Int(text), (0...65_535).contains(number) else { throw invalid("the database is not a number") }
        return number
    }

    /// Percent-decoding (RFC 3986, section 2.1).
    private static func decoded(_ text: Substring, part: String) throws(RedisError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexValue), let low = rest.popFirst().flatMap(hexValue) else {
                throw invalid("\(part) has a % without two hexadecimal digits")
            }
            bytes.append(high << 4 | low)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self), !decoded.contains("\0") else {
            throw invalid("\(part) is not text")
        }
        return decoded
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
    }

    private static func invalid(_ what: String) -> RedisError {
        RedisError(.configuration, "not a Redis URL: \(what)")
    }
}
