import Actors
import NIOCore

/// What other instances of Socket.IO do with one client, as a value.
struct AdapterReach {
    /// Events of one client that wait for its acknowledgement; past it the oldest is given up.
    static let awaitedLimit = 64

    let socketID: String
    private var awaited: [UInt64: @Sendable (MessagePackValue) -> Void] = [:]

    init(socketID: String) {
        self.socketID = socketID
    }

    mutating func expect(_ id: UInt64, _ acknowledged: @escaping @Sendable (MessagePackValue) -> Void) {
        awaited[id] = acknowledged
        if awaited.count > Self.awaitedLimit, let oldest = awaited.keys.min() { awaited[oldest] = nil }
    }

    /// Who waits for the acknowledgement of that id; nil where nobody does, or not any more.
    mutating func take(_ id: UInt64) -> (@Sendable (MessagePackValue) -> Void)? {
        awaited.removeValue(forKey: id)
    }
}

extension SocketIOSession {
    /// Has other instances reach the client.
    func enroll(_ socketID: String, _ principal: Principal) {
        guard let adapter else { return }
        reach = AdapterReach(socketID: socketID)
        let peer = link.connection.handshake.peer
        let handshake = AdapterHandshake(userAgent: peer.userAgent, address: peer.address, issued: adapter.now)
        adapter.add(
            EnrolledClient(session: self, socketID: socketID, connectionID: connectionID, principal: principal, handshake: handshake)
        )
    }

    func withdraw() {
        guard let reach else { return }
        self.reach = nil
        adapter?.remove(reach.socketID)
    }

    package func acknowledged(_ packet: SocketIOPacket) {
        guard let id = packet.ackID.flatMap({ UInt64($0) }), let acknowledged = reach?.take(id) else { return }
        let arguments = MessagePackValue(json: Array(packet.json.readableBytesView))?.array ?? []
        let attachments = packet.attachments.map { Array($0.readableBytesView) }
        acknowledged(arguments.first?.withAttachments(attachments) ?? .null)
    }

    func emit(_ packet: AdapterPacket, acknowledged: (@Sendable (MessagePackValue) -> Void)? = nil) {
        guard phase == .joined, reach != nil else { return }
        if packet.isVolatile, link.connection.isPressed { return }
        if let id = packet.ackID, let acknowledged { reach?.expect(id, acknowledged) }
        for frame in packet.frames where link.send(frame, isEssential: true) == .overflow { return link.close(.slowConsumer) }
        // The client library takes a text that comes last for the offset, whoever sent it. Where it is to acknowledge, that comes last.
        guard packet.endsInText, packet.ackID == nil else { return }
        if tellOffset(isEssential: true) == .overflow { link.close(.slowConsumer) }
    }

    func leave(closesTransport: Bool) {
        guard phase == .joined else { return }
        guard closesTransport else { return link.leave() }
        // Behind what waits: it is no kick, and a last word may have been emitted before it.
        link.close(.normal, after: SocketIOPacket(.disconnect, namespace: link.namespace).frames)
    }
}

/// A client as other instances have it.
private struct EnrolledClient: AdapterSocket {
    let session: SocketIOSession
    let socketID: String
    let connectionID: ConnectionID
    let principal: Principal
    let handshake: AdapterHandshake

    var executor: any SessionExecutor { session.link.connection.executor }

    func emit(_ packet: AdapterPacket) {
        session.emit(packet)
    }

    func emit(_ packet: AdapterPacket, acknowledged: @escaping @Sendable (MessagePackValue) -> Void) {
        session.emit(packet, acknowledged: acknowledged)
    }

    func disconnect(closesTransport: Bool) {
        session.leave(closesTransport: closesTransport)
    }
}
