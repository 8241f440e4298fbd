package import Actors

/// What the request that opened a session said of its client.
package struct EngineIOHandshake: Hashable, Sendable {
    package let peer: PeerInfo
    /// From the header `Authorization` or the cookie.
    package let token: String?

    package init(peer: PeerInfo, token: String?) {
        self.peer = peer
        self.token = token
    }
}

/// A WebSocket connection that Engine.IO takes in.
package struct EngineIOUpgrade: Sendable {
    let handshake: EngineIOHandshake
    /// Nil where it opens a session of its own.
    let connection: EngineIOConnection?
}
