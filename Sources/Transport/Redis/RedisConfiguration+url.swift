extension RedisConfiguration {
    /// Reads `redis://[user[:password]@]host[:port][/database]`, `rediss://…` for TLS,
    /// `redis+sentinel://[user[:password]@]host[:port][,host[:port]…]/group[/database]`, where the query may hold the sentinels' own
    /// `sentinelUsername` and `sentinelPassword`, `redis+cluster://[user[:password]@]host[:port][,host[:port]…]`, or `unix:///path?db=…&password=…&username=…`; every part may be percent-encoded.
    ///
    /// - Throws: `.configuration`; the message names the part that is wrong and never quotes it, as it may be part of a password.
    package init(url: String) throws(RedisError) {
        guard let separator = url.firstRange(of: "://") else {
            throw Self.invalid("the scheme is missing: redis://host:port is expected")
        }
        let rest = url[separator.upperBound...]
        switch url[..<separator.lowerBound].lowercased() {
        case "redis": try self.init(server: rest, usesTLS: false)
        case "rediss": try self.init(server: rest, usesTLS: true)
        case "unix": try self.init(socket: rest)
        case "redis+sentinel": try self.init(sentinels: rest)
        case "redis+cluster": try self.init(cluster: rest)
        default: throw Self.invalid("the scheme is not one of redis, rediss, redis+sentinel, redis+cluster, unix")
        }
    }

    private init(server rest: Substring, usesTLS: Bool) throws(RedisError) {
        let parts = try Self.split(rest)
        self.init(location: .server(try Self.endpoint(parts.hosts, defaultPort: 6_379)), usesTLS: usesTLS)
        try readCredentials(parts.credentials)
        let path = parts.path.drop { $0 == "/" }
        if !path.isEmpty { database = try Self.databaseNumber(Self.decoded(path, part: "the database")) }
        try readQuery(parts.query)
    }

    private init(sentinels rest: Substring) throws(RedisError) {
        let parts = try Self.split(rest)
        let addresses = try Self.endpoints(parts.hosts, defaultPort: 26_379)
        let path = parts.path.dropFirst().split(separator: "/", maxSplits: 1)
        guard let name = path.first else {
            throw Self.invalid("the group's name is missing: redis+sentinel://host1,host2/mymaster is expected")
        }
        var query = try Self.fields(of: parts.query)
        let sentinels = RedisSentinels(
            addresses: addresses,
            group: try Self.decoded(name, part: "the group's name"),
            username: query.removeValue(forKey: "sentinelUsername"),
            password: query.removeValue(forKey: "sentinelPassword")
        )
        guard sentinels.username == nil || sentinels.password != nil else { throw Self.userWithoutPassword }
        self.init(location: .sentinels(sentinels))
        try readCredentials(parts.credentials)
        if path.count > 1 { database = try Self.databaseNumber(Self.decoded(path[1], part: "the database")) }
        try read(query)
    }

    private init(cluster rest: Substring) throws(RedisError) {
        let parts = try Self.split(rest)
        self.init(location: .cluster(try Self.endpoints(parts.hosts, defaultPort: 6_379)))
        try readCredentials(parts.credentials)
        let path = parts.path.drop { $0 == "/" }
        if !path.isEmpty { database = try Self.databaseNumber(Self.decoded(path, part: "the database")) }
        try readQuery(parts.query)
        guard database == 0 else { throw Self.invalid("a cluster has no database but 0") }
    }

    private init(socket rest: Substring) throws(RedisError) {
        let path = try Self.decoded(rest.prefix { !"?#".contains($0) }, part: "the path")
        guard path.hasPrefix("/") else { throw Self.invalid("a socket's path has to be absolute: unix:///run/redis.sock") }
        self.init(location: .server(.unix(path: path)))
        try readQuery(rest)
    }

    /// What follows the scheme, in its parts (RFC 3986, section 3).
    private static func split(
        _ rest: Substring
    ) throws(RedisError) -> (credentials: Substring?, hosts: Substring, path: Substring, query: Substring) {
        let authority = rest.prefix { !"/?#".contains($0) }
        let tail = rest[authority.endIndex...]
        guard !tail.contains("@") else {
            throw invalid("the characters / ? # @ in a user name or password have to be percent-encoded")
        }
        let path = tail.prefix { !"?#".contains($0) }
        guard let at = authority.lastIndex(of: "@") else { return (nil, authority, path, tail) }
        return (authority[..<at], authority[authority.index(after: at)...], path, tail)
    }

    private mutating func readCredentials(_ text: Substring?) throws(RedisError) {
        guard let text else { return }
        guard let colon = text.firstIndex(of: ":") else { throw Self.userWithoutPassword }
        let user = try Self.decoded(text[..<colon], part: "the user name")
        let secret = try Self.decoded(text[text.index(after: colon)...], part: "the password")
        guard !secret.isEmpty || user.isEmpty else { throw Self.userWithoutPassword }
        username = user.isEmpty ? nil : user
        password = secret.isEmpty ? nil : secret
    }

    private mutating func readQuery(_ text: Substring) throws(RedisError) {
        try read(Self.fields(of: text))
    }

    private mutating func read(_ query: [String: String]) throws(RedisError) {
        for (name, value) in query {
            switch name {
            case "db": database = try Self.databaseNumber(value)
            case "username": username = value.isEmpty ? nil : value
            case "password": password = value.isEmpty ? nil : value
            default: throw Self.invalid("the query may hold db, username, password, and for sentinels sentinelUsername, sentinelPassword")
            }
        }
        guard username == nil || password != nil else { throw Self.userWithoutPassword }
    }

    /// The fields of the query in `text`; of several of one name the last one.
    private static func fields(of text: Substring) throws(RedisError) -> [String: String] {
        guard let mark = text.firstIndex(of: "?") else { return [:] }
        var fields: [String: String] = [:]
        for pair in text[text.index(after: mark)...].prefix(while: { $0 != "#" }).split(separator: "&") {
            let name = pair.prefix { $0 != "=" }
            fields[String(name)] = try decoded(pair[name.endIndex...].dropFirst(), part: "the query")
        }
        return fields
    }

    /// Reads `host[:port][,host[:port]…]`; an address of version 6 stands in brackets.
    ///
    /// - Throws: `.configuration`, which doesn't quote `text`.
    package static func endpoints(_ text: some StringProtocol, defaultPort: Int) throws(RedisError) -> [Endpoint] {
        var endpoints: [Endpoint] = []
        for host in Substring(text).split(separator: ",", omittingEmptySubsequences: false) {
            endpoints.append(try endpoint(host, defaultPort: defaultPort))
        }
        return endpoints
    }

    private static func endpoint(_ text: Substring, defaultPort: Int) throws(RedisError) -> Endpoint {
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
        guard let port else { return .tcp(host: name, port: defaultPort) }
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

    private static var userWithoutPassword: RedisError {
        invalid("there is a user name without a password")
    }

    private static func invalid(_ what: String) -> RedisError {
        RedisError(.configuration, "not a Redis URL: \(what)")
    }
}
