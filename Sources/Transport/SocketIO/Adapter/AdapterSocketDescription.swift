package import Actors

/// A socket of this instance as other instances see it: who it is and where, never a token.
package struct AdapterSocketDescription: Hashable, Sendable {
    package let socketID: String
    package let userID: UserID
    package let username: String
    package let rooms: [String]
    package let handshake: AdapterHandshake

    package init(socketID: String, userID: UserID, username: String, rooms: [String], handshake: AdapterHandshake) {
        self.socketID = socketID
        self.userID = userID
        self.username = username
        self.rooms = rooms
        self.handshake = handshake
    }

    /// As `fetchSockets` gives it.
    package var value: MessagePackValue {
        [
            "id": .text(socketID),
            "handshake": handshake.value,
            "rooms": MessagePackValue(rooms),
            "data": ["userId": .text(userID.description), "username": .text(username)],
        ]
    }
}

/// How a socket came, as far as other instances may know.
package struct AdapterHandshake: Hashable, Sendable {
    package let userAgent: String?
    package let address: String?
    package let issued: Timestamp

    package init(userAgent: String?, address: String?, issued: Timestamp) {
        self.userAgent = userAgent
        self.address = address
        self.issued = issued
    }

    /// Headers, query and `auth` could hold the token: of them there is the user agent alone. TLS ends before this server.
    fileprivate var value: MessagePackValue {
        [
            "headers": userAgent.map { ["user-agent": .text($0)] } ?? [:],
            "time": .text(issued.description),
            "address": .text(address ?? ""),
            "xdomain": false,
            "secure": false,
            "issued": .integer(issued.milliseconds),
            "url": "/socket.io/",
            "query": [:],
            "auth": [:],
        ]
    }
}
