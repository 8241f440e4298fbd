package import Actors

/// What a connection's request has settled before its session begins.
package struct ConnectionOpening: Hashable, Sendable {
    /// Whose connection it is; nil where the first frame must bring a token.
    package let principal: Principal?
    package let peer: PeerInfo
    /// Whether nothing is delivered before the client's first `SYNC`: `/ws?resume=1`.
    package let resumes: Bool
}

/// What the transport asks of the rest of the instance, and its settings.
package struct WebSocketServices: Sendable {
    /// Who the holder of a token is, before the upgrade.
    package var authenticate: @Sendable (_ token: String) async throws(RequestError) -> Principal
    /// Makes the actor of a new connection; called on the connection's event loop. A nil principal has to come with the first frame.
    package var makeSession: @Sendable (ConnectionID, any SessionExecutor, any SessionOutbound, ConnectionOpening) -> any ConnectionSession
    /// Whether new connections are refused with 503.
    package var refusesConnections: @Sendable () -> Bool
    /// The paths of Engine.IO.
    package var engineIO: [EngineIOServer] = []
    package var origins: AllowedOrigins
    package var trustedProxies: TrustedProxies
    package var limits: WebSocketLimits
    /// Nil for plain HTTP.
    package var tls: ServerTLS?
    package var admission: ConnectionAdmission

    package init(
        origins: AllowedOrigins = AllowedOrigins(),
        trustedProxies: TrustedProxies = TrustedProxies(),
        limits: WebSocketLimits = WebSocketLimits(),
        tls: ServerTLS? = nil,
        admission: ConnectionAdmission = ConnectionAdmission(),
        refusesConnections: @escaping @Sendable () -> Bool = { false },
        authenticate: @escaping @Sendable (_ token: String) async throws(RequestError) -> Principal,
        makeSession:
            @escaping @Sendable (
                ConnectionID, any SessionExecutor, any SessionOutbound, ConnectionOpening
            ) -> any ConnectionSession
    ) {
        self.origins = origins
        self.trustedProxies = trustedProxies
        self.limits = limits
        self.tls = tls
        self.admission = admission
        self.refusesConnections = refusesConnections
        self.authenticate = authenticate
        self.makeSession = makeSession
    }
}
