/// A link's connections to the servers of a cluster: those that stand, and who waits for those that are being made.
package struct RedisNodes<Place: Hashable, Connection, Waiter> {
    package enum Use {
        case now(Connection)
        /// A connection is to be made; `opened` or `removeAll` says who waits for it.
        case open
        /// A connection is being made already.
        case wait
        /// Too many wait.
        case refuse(Waiter)
    }

    fileprivate enum Node {
        case opening([Waiter])
        case open(Connection)
    }

    private let limit: Int
    private var nodes: [Place: Node] = [:]

    /// - Parameter limit: how many may wait for one connection.
    package init(limit: Int = 16_384) {
        self.limit = limit
    }

    /// The connections that stand.
    package var connections: [(place: Place, connection: Connection)] {
        nodes.compactMap { place, node in
            guard case .open(let connection) = node else { return nil }
            return (place, connection)
        }
    }

    /// Somebody wants the connection to a server.
    package mutating func use(_ place: Place, _ waiter: Waiter) -> Use {
        switch nodes[place] {
        case .open(let connection):
            return .now(connection)
        case .opening(let waiters) where waiters.count >= limit:
            return .refuse(waiter)
        case .opening(var waiters):
            // Taken out for the time, so that it grows where it is.
            nodes[place] = nil
            waiters.append(waiter)
            nodes[place] = .opening(waiters)
            return .wait
        case nil:
            nodes[place] = .opening([waiter])
            return .open
        }
    }

    /// A connection is made; returns who waited for it, in the order of their calls.
    package mutating func opened(_ place: Place, _ connection: Connection) -> [Waiter] {
        defer { nodes[place] = .open(connection) }
        guard case .opening(let waiters)? = nodes[place] else { return [] }
        return waiters
    }

    /// The next one who wants the server gets a new connection.
    ///
    /// - Returns: the one that stood; one that is being made goes on being made.
    package mutating func remove(_ place: Place) -> Connection? {
        guard case .open(let connection)? = nodes[place] else { return nil }
        nodes[place] = nil
        return connection
    }

    /// Everything is over.
    package mutating func removeAll() -> (connections: [Connection], waiters: [Waiter]) {
        defer { nodes.removeAll() }
        var waiting: [Waiter] = []
        for case .opening(let waiters) in nodes.values { waiting += waiters }
        return (connections.map(\.connection), waiting)
    }
}

extension RedisNodes: Sendable where Place: Sendable, Connection: Sendable, Waiter: Sendable {}
extension RedisNodes.Node: Sendable where Place: Sendable, Connection: Sendable, Waiter: Sendable {}
extension RedisNodes.Use: Sendable where Place: Sendable, Connection: Sendable, Waiter: Sendable {}
