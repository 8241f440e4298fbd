import Actors
package import NIOCore

/// Tells what came with CONNECT and sends back what comes: the server that the protocol's own tests expect.
package final class SocketIOEcho: SocketIOSocket {
    private let link: SocketIOLink

    package static let application = SocketIOApplication(namespaces: ["/", "/custom"]) { SocketIOEcho($0) }

    private init(_ link: SocketIOLink) {
        self.link = link
    }

    package func connect(_ payload: ByteBuffer) {
        guard link.accept(id: SecretID.make()) == .accepted else { return link.close(.slowConsumer) }
        emit(event("auth", payload.readableBytes > 0 ? payload : ByteBuffer(string: "{}")), attachments: [])
    }

    package func receive(_ event: SocketIOJSON.Event, _ packet: SocketIOPacket) {
        switch (event.name, packet.ackID) {
        case ("message", _):
            emit(self.event("message-back", event.arguments), attachments: packet.attachments)
        case ("message-with-ack", let id?):
            var json = ByteBuffer(string: "[")
            json.writeImmutableBuffer(event.arguments)
            json.writeString("]")
            send(SocketIOPacket(.ack, namespace: link.namespace, ackID: id, json: json, attachments: packet.attachments))
        default:
            break
        }
    }

    package func tick() {}

    package func disconnected() {}

    private func event(_ name: String, _ arguments: ByteBuffer) -> ByteBuffer {
        var json = ByteBuffer(string: "[\"\(name)\"")
        if arguments.readableBytes > 0 { json.writeString(",") }
        json.writeImmutableBuffer(arguments)
        json.writeString("]")
        return json
    }

    private func emit(_ json: ByteBuffer, attachments: [ByteBuffer]) {
        send(SocketIOPacket(.event, namespace: link.namespace, json: json, attachments: attachments))
    }

    private func send(_ packet: SocketIOPacket) {
        if link.send(packet) == .overflow { link.close(.slowConsumer) }
    }
}
