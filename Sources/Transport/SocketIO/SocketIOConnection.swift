import Actors
package import NIOCore

/// One client in one namespace. Called on the connection's event loop.
package protocol SocketIOSocket: AnyObject {
    /// The client asked to join; answer by `SocketIOLink.accept` or `.refuse`, now or later.
    func connect(_ payload: ByteBuffer)

    /// An event of the client.
    func receive(_ event: SocketIOJSON.Event, _ packet: SocketIOPacket)

    /// The client acknowledges an event that was sent to it with the packet's id.
    func acknowledged(_ packet: SocketIOPacket)

    /// Once a second.
    func tick()

    /// The client has left, or is gone; once, and nothing comes after it.
    func disconnected()
}

extension SocketIOSocket {
    package func acknowledged(_ packet: SocketIOPacket) {}
}

/// What there is behind Socket.IO: its namespaces and what lives in them.
package struct SocketIOApplication: Sendable {
    let namespaces: Set<String>
    let makeSocket: @Sendable (SocketIOLink) -> any SocketIOSocket

    package init(namespaces: Set<String>, makeSocket: @escaping @Sendable (SocketIOLink) -> any SocketIOSocket) {
        self.namespaces = namespaces
        self.makeSocket = makeSocket
    }
}

/// One client of Socket.IO: packets to the sockets of its namespaces.
package final class SocketIOConnection: EngineIOReceiver, @unchecked Sendable {
    // Unchecked, as it is confined to the connection's event loop.

    /// How long a client may stay without having joined a namespace.
    static let connectTimeout = Duration.seconds(45)

    private let application: SocketIOApplication
    private var connection: EngineIOConnection?
    private var decoder: SocketIODecoder
    private var namespaces: SocketIONamespaces
    private var sockets: [String: any SocketIOSocket] = [:]

    /// - Parameter maxBytes: of one packet, its attachments included.
    package init(application: SocketIOApplication, maxBytes: Int) {
        self.application = application
        decoder = SocketIODecoder(maxBytes: maxBytes)
        namespaces = SocketIONamespaces(known: application.namespaces, deadline: EngineIOConnection.now + Self.connectTimeout)
    }

    package func opened(_ connection: EngineIOConnection) {
        self.connection = connection
    }

    package func receive(_ message: ByteBuffer, isBinary: Bool) throws(EngineIOViolation) {
        guard let connection, let packet = try decoder.receive(message, isBinary: isBinary) else { return }
        switch namespaces.received(packet.kind, in: packet.namespace) {
        case .join:
            let socket = application.makeSocket(SocketIOLink(connection: connection, client: self, namespace: packet.namespace))
            sockets[packet.namespace] = socket
            socket.connect(packet.json)
        case .refuse:
            let refusal = SocketIOPacket(
                .connectError,
                namespace: packet.namespace,
                json: ByteBuffer(string: #"{"message":"Invalid namespace"}"#)
            )
            send(refusal, over: connection)
        case .deliver:
            sockets[packet.namespace]?.receive(try SocketIOJSON.event(packet.json), packet)
        case .acknowledge:
            sockets[packet.namespace]?.acknowledged(packet)
        case .leave:
            sockets.removeValue(forKey: packet.namespace)?.disconnected()
        case .ignore:
            break
        case .close:
            throw .parseError
        }
    }

    package func tick() {
        for socket in sockets.values { socket.tick() }
        if namespaces.isLate(now: EngineIOConnection.now) { connection?.close(.unauthenticated) }
    }

    package func closed() {
        connection = nil
        let sockets = self.sockets
        self.sockets = [:]
        for socket in sockets.values { socket.disconnected() }
    }

    fileprivate func accepted(_ namespace: String) {
        namespaces.accepted(namespace)
    }

    fileprivate func ended(_ namespace: String) {
        namespaces.ended(namespace)
        sockets.removeValue(forKey: namespace)?.disconnected()
    }

    private func send(_ packet: SocketIOPacket, over connection: EngineIOConnection) {
        for frame in packet.frames where connection.send(frame, isEssential: true) == .overflow {
            return connection.close(.slowConsumer)
        }
    }
}

/// A socket's way to its client.
package struct SocketIOLink: Sendable {
    package let connection: EngineIOConnection
    let client: SocketIOConnection
    package let namespace: String

    /// Answers the client's CONNECT.
    ///
    /// - Parameter recoveryID: by which the client may recover this socket later.
    func accept(id: String, recoveryID: String? = nil) -> OutboundAdmission {
        client.accepted(namespace)
        var writer = JSONWriter(buffer: ByteBuffer())
        writer.beginObject()
        writer.field("sid", id)
        writer.field("pid", recoveryID)
        writer.endObject()
        return send(SocketIOPacket(.connect, namespace: namespace, json: writer.buffer))
    }

    /// Refuses the client's CONNECT; it may try again.
    func refuse(_ error: RequestError) {
        _ = send(refusal(error))
        client.ended(namespace)
    }

    /// What refuses the client's CONNECT.
    func refusal(_ error: RequestError) -> SocketIOPacket {
        var writer = JSONWriter(buffer: ByteBuffer())
        writer.beginObject()
        writer.field("message", error.code.rawValue)
        writer.beginObject("data")
        writer.field("code", error.code.rawValue)
        writer.field("message", error.message)
        if let retryAfter = error.retryAfter { writer.field("retryAfterMs", retryAfter.milliseconds) }
        writer.endObject()
        writer.endObject()
        return SocketIOPacket(.connectError, namespace: namespace, json: writer.buffer)
    }

    /// Has the client leave by the server's will, and the connection stay; it may join again.
    func leave() {
        let admission = send(SocketIOPacket(.disconnect, namespace: namespace))
        client.ended(namespace)
        if admission == .overflow { close(.slowConsumer) }
    }

    func send(_ packet: SocketIOPacket) -> OutboundAdmission {
        for frame in packet.frames {
            let admission = connection.send(frame, isEssential: true)
            guard admission == .accepted else { return admission }
        }
        return .accepted
    }

    func send(_ frame: ByteBuffer, isEssential: Bool) -> OutboundAdmission {
        connection.send(frame, isEssential: isEssential)
    }

    /// Closes the connection, with all its namespaces.
    func close(_ reason: EndReason, after frames: [ByteBuffer] = []) {
        close(ConnectionEnding(reason), after: frames)
    }

    func close(_ ending: ConnectionEnding, after frames: [ByteBuffer] = []) {
        connection.close(ending, after: frames)
    }
}
