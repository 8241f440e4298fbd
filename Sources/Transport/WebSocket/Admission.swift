import NIOHTTP1

/// An upgrade that is granted: what the answer says, and what the connection becomes.
struct Admission: Sendable {
    /// Of the answer.
    var headers: HTTPHeaders = [:]
    let limits: WebSocketLimits
    var takesBinary = false
    /// Called on the connection's event loop.
    let makeReceiver: @Sendable (WebSocketHandler) -> any WebSocketReceiver
}

extension Admission {
    init(engineIO request: EngineIOUpgrade, server: EngineIOServer, loop: SessionLoop, limits: WebSocketLimits) {
        var limits = limits
        limits.maxFrameBytes = server.configuration.maxPayload
        self.init(limits: limits, takesBinary: true) { handler in server.makeSocket(handler, for: request, on: loop) }
    }
}
