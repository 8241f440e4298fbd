/// Which server of a cluster serves which slots, as one of them sees it.
package struct RedisSlots: Hashable, Sendable {
    package typealias Endpoint = RedisConfiguration.Endpoint

    /// Those that serve slots; in no order that means anything.
    package private(set) var primaries: [Endpoint] = []
    /// Those that stand by.
    package private(set) var replicas: [Endpoint] = []
    /// Of each slot the place of its server in `primaries`.
    private var owners: [Int]

    /// Reads the answer to `CLUSTER SLOTS`.
    ///
    /// - Parameter asked: who gave it; a server that doesn't know its own host leaves it out.
    /// - Throws: `.protocolViolation` for anything else, `.unavailable` where slots are served by nobody.
    package init(_ reply: RedisReply, from asked: Endpoint) throws(RedisError) {
        owners = Array(repeating: -1, count: HashSlot.count)
        guard case .array(let ranges) = reply else { throw Self.malformed }
        for range in ranges {
            guard case .array(let parts) = range, parts.count >= 3,
                case .integer(let first) = parts[0], case .integer(let last) = parts[1],
                first >= 0, first <= last, last < HashSlot.count
            else { throw Self.malformed }
            let primary = try index(of: Self.endpoint(parts[2], asked))
            for slot in Int(first)...Int(last) { owners[slot] = primary }
            for part in parts.dropFirst(3) {
                let replica = try Self.endpoint(part, asked)
                if !replicas.contains(replica) { replicas.append(replica) }
            }
        }
        let unserved = owners.count { $0 < 0 }
        guard unserved == 0 else {
            throw RedisError(.unavailable, "\(unserved) of the cluster's \(HashSlot.count) slots are served by nobody")
        }
    }

    package func owner(of slot: HashSlot) -> Endpoint {
        primaries[owners[slot.number]]
    }

    /// A server has said that the slot is another's.
    package mutating func assign(_ slot: HashSlot, to endpoint: Endpoint) {
        owners[slot.number] = index(of: endpoint)
    }

    private mutating func index(of primary: Endpoint) -> Int {
        if let index = primaries.firstIndex(of: primary) { return index }
        primaries.append(primary)
        return primaries.count - 1
    }

    /// A server in the answer: its host, its port, and what doesn't matter here.
    private static func endpoint(_ reply: RedisReply, _ asked: Endpoint) throws(RedisError) -> Endpoint {
        guard case .array(let parts) = reply, parts.count >= 2, case .integer(let port) = parts[1], (1...65_535).contains(port) else {
            throw malformed
        }
        switch parts[0] {
        case .null: return try asked.with(port: Int(port))
        case .bulk(let host) where host.isEmpty: return try asked.with(port: Int(port))
        case .bulk(let host):
            guard let host = String(validating: host, as: UTF8.self), host != "?" else {
                throw RedisError(.unavailable, "a server of the cluster doesn't say under which host it is reached")
            }
            return .tcp(host: host, port: Int(port))
        case .status, .error, .integer, .array: throw malformed
        }
    }

    private static var malformed: RedisError {
        RedisError(.protocolViolation, "its answer is not a division of slots")
    }
}

extension RedisConfiguration.Endpoint {
    /// The same host with another port.
    fileprivate func with(port: Int) throws(RedisError) -> Self {
        guard case .tcp(let host, _) = self else { throw RedisError(.protocolViolation, "a server of the cluster has no host") }
        return .tcp(host: host, port: port)
    }
}
