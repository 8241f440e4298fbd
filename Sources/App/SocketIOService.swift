import ServiceLifecycle
import Transport

/// Ends the sessions of Socket.IO that the drain doesn't know, as they have joined nothing, so that their requests keep no server from stopping.
struct SocketIOService: Service {
    let door: SocketIODoor

    func run() async throws {
        try await gracefulShutdown()
        for server in door.servers { server.closeAll() }
    }
}
