import Actors

/// What the messages of a WebSocket connection are for. Called on the connection's event loop.
protocol WebSocketReceiver {
    /// Once, when the upgrade is done.
    func start()

    func receive(_ message: WebSocketMessage)

    /// The client has sent something, be it a pong.
    func noteActivity()

    /// Once a second.
    func tick()

    /// The socket took more of what waited.
    func drained()

    /// The socket is gone; once, and nothing comes after it.
    func connectionClosed()
}

/// A connection that speaks the client protocol: its messages are frames for a session.
struct SessionReceiver: WebSocketReceiver {
    let session: any ConnectionSession

    func start() {
        session.assumeIsolated { $0.start() }
    }

    func receive(_ message: WebSocketMessage) {
        let frame = FrameDecoder.decode(message.payload)
        session.assumeIsolated { $0.receive(frame) }
    }

    func noteActivity() {
        session.assumeIsolated { $0.noteActivity() }
    }

    func tick() {
        session.assumeIsolated { $0.tick() }
    }

    func drained() {}

    func connectionClosed() {
        session.assumeIsolated { $0.connectionClosed() }
    }
}
