import Actors
package import NIOCore

/// What an Engine.IO session's messages are for. Called on the session's event loop.
package protocol EngineIOReceiver: AnyObject {
    /// Once, before anything else.
    func opened(_ connection: EngineIOConnection)

    /// - Throws: where the session is to be closed, as what came can't be read.
    func receive(_ message: ByteBuffer, isBinary: Bool) throws(EngineIOViolation)

    /// Once a second.
    func tick()

    /// The session has ended; once, and nothing comes after it.
    func closed()
}

/// Sends back what comes: the server that the protocol's own tests expect.
package final class EngineIOEcho: EngineIOReceiver {
    private weak var connection: EngineIOConnection?

    package init() {}

    package func opened(_ connection: EngineIOConnection) {
        self.connection = connection
    }

    package func receive(_ message: ByteBuffer, isBinary: Bool) {
        let packet = isBinary ? EngineIOPacket(binary: message) : EngineIOPacket(.message, message)
        guard let connection, connection.send(packet.frame, isEssential: true) == .overflow else { return }
        connection.close(.slowConsumer)
    }

    package func tick() {}

    package func closed() {}
}
