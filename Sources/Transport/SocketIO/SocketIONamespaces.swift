/// Which namespaces a connection has joined, as a value.
struct SocketIONamespaces: Sendable {
    private enum Place {
        /// The answer to CONNECT is due.
        case joining
        case joined
        case left
    }

    /// What a packet leads to.
    enum Action: Hashable {
        case join
        /// There is no such namespace.
        case refuse
        /// For the socket of its namespace.
        case deliver
        /// The answer to an event, for the socket as well.
        case acknowledge
        case leave
        case ignore
        /// The client doesn't keep to the protocol.
        case close
    }

    /// CONNECTs of one connection, refused ones included: who guesses tokens needs a connection for every few of them.
    static let joinLimit = 20

    private let known: Set<String>
    private let deadline: Duration
    private var places: [String: Place] = [:]
    private var hasJoined = false
    private var joins = 0

    /// - Parameters:
    ///   - known: the namespaces that there are.
    ///   - deadline: until when the client has to have joined one, as uptime.
    init(known: Set<String>, deadline: Duration) {
        self.known = known
        self.deadline = deadline
    }

    mutating func received(_ kind: SocketIOPacket.Kind, in namespace: String) -> Action {
        switch (kind, places[namespace]) {
        case (.connect, nil), (.connect, .left):
            joins += 1
            guard joins <= Self.joinLimit else { return .close }
            guard known.contains(namespace) else { return .refuse }
            places[namespace] = .joining
            return .join
        case (.connect, .joining), (.connect, .joined), (_, .joining), (_, nil):
            return .close
        case (_, .left):
            // Sent before the client knew that it had left.
            return .ignore
        case (.disconnect, .joined):
            places[namespace] = .left
            return .leave
        case (.event, .joined):
            return .deliver
        case (.ack, .joined):
            return .acknowledge
        case (.connectError, .joined), (.binaryEvent, .joined), (.binaryAck, .joined):
            return .ignore
        }
    }

    /// The client's CONNECT was answered with its socket's id.
    mutating func accepted(_ namespace: String) {
        places[namespace] = .joined
        hasJoined = true
    }

    /// The server has the client leave; it may join again.
    mutating func ended(_ namespace: String) {
        places[namespace] = .left
    }

    /// Whether the client has had its time and joined nothing.
    func isLate(now: Duration) -> Bool {
        !hasJoined && now >= deadline
    }
}
