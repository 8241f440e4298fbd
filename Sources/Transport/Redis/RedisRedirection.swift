/// A server of a cluster says that a command is another's.
package struct RedisRedirection: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// The slot is served by the other one from now on.
        case moved
        /// The slot is about to move; the other one may have this key.
        case ask
    }

    package let kind: Kind
    package let slot: HashSlot
    package let endpoint: RedisConfiguration.Endpoint

    /// Nil for anything else than `MOVED slot host:port` or `ASK slot host:port`.
    ///
    /// - Parameter endpoint: who says so; it leaves the host out where it is the same.
    package init?(_ reply: RedisReply, from endpoint: RedisConfiguration.Endpoint) {
        guard case .error(let text) = reply else { return nil }
        let words = text.split(separator: " ")
        guard words.count >= 3, let slot = Int(words[1]).flatMap({ HashSlot($0) }), let colon = words[2].lastIndex(of: ":"),
            let port = Int(words[2][words[2].index(after: colon)...]), (1...65_535).contains(port)
        else { return nil }
        switch words[0] {
        case "MOVED": kind = .moved
        case "ASK": kind = .ask
        default: return nil
        }
        let host = words[2][..<colon]
        if !host.isEmpty {
            self.endpoint = .tcp(host: String(host), port: port)
        } else if case .tcp(let host, _) = endpoint {
            self.endpoint = .tcp(host: host, port: port)
        } else {
            return nil
        }
        self.slot = slot
    }
}
