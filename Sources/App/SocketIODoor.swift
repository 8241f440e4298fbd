import Actors
import Transport

/// The paths at which clients of Socket.IO come in, and what is behind them.
struct SocketIODoor: Sendable {
    /// Empty where Socket.IO is off.
    let servers: [EngineIOServer]
    let loops: SessionLoops

    /// - Parameters:
    ///   - services: the connections of the client protocol, whose sessions these share.
    ///   - adapter: nil where no Node.js instances share Redis.
    init(_ settings: Settings, loops: SessionLoops, services: WebSocketServices, adapter: SocketIOAdapter?) {
        self.loops = loops
        guard let socketIO = settings.socketIO else {
            servers = []
            return
        }
        func server(path: String, receiver: @escaping @Sendable () -> any EngineIOReceiver) -> EngineIOServer {
            var configuration = EngineIOConfiguration(path: path)
            configuration.allowsPolling = socketIO.allowsPolling
            configuration.pingInterval = socketIO.pingInterval
            configuration.pingTimeout = socketIO.pingTimeout
            configuration.maxPayload = socketIO.maxPayload
            configuration.outboundLimit = OutboundLimit(bytes: settings.connections.outboundLimitBytes)
            return EngineIOServer(
                configuration: configuration,
                instanceID: settings.instance.id,
                origins: settings.http.allowedOrigins,
                refusesConnections: services.refusesConnections,
                makeReceiver: receiver
            )
        }
        let application =
            socketIO.isEcho ? SocketIOEcho.application : .chat(loops: loops, adapter: adapter, makeSession: services.makeSession)
        let chat = server(path: socketIO.path) { SocketIOConnection(application: application, maxBytes: socketIO.maxPayload) }
        servers = socketIO.isEcho ? [chat, server(path: "/engine.io/") { EngineIOEcho() }] : [chat]
    }

    /// The one that answers requests for `path`.
    func server(for path: String) -> EngineIOServer? {
        servers.first { $0.configuration.serves(path) }
    }
}
