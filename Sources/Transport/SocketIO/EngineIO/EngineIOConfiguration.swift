/// How Engine.IO is spoken on one path.
package struct EngineIOConfiguration: Hashable, Sendable {
    /// Begins and ends with a slash; every path that begins with it is meant, as with Socket.IO's own server.
    package var path: String
    /// Whether HTTP long polling is spoken besides WebSocket.
    package var allowsPolling = true
    package var pingInterval: Duration = .seconds(25)
    package var pingTimeout: Duration = .seconds(20)
    /// Bytes in one message of a client, and in the body of one POST.
    package var maxPayload = 1_000_000
    /// From a second transport's arrival until it has taken over.
    package var upgradeTimeout: Duration = .seconds(10)
    /// How long the end of a session waits for the request that fetches it.
    package var farewellTimeout: Duration = .seconds(30)
    /// Sessions that long polling carries on one instance; the next handshake is refused with 503.
    package var pollingSessionLimit = 20_000
    /// Of what waits for a client that doesn't read.
    package var outboundLimit = OutboundLimit()

    package init(path: String) {
        self.path = path
    }

    /// Whether a request for `path` is meant; a query is no part of it.
    package func serves(_ path: some StringProtocol) -> Bool {
        path.hasPrefix(self.path) || path == self.path.dropLast()
    }
}
