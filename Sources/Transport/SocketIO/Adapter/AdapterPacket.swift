package import NIOCore

/// An event for clients, encoded once for all who get it.
package struct AdapterPacket: Hashable, Sendable {
    /// The packet as WebSocket frames.
    package let frames: [ByteBuffer]
    /// By which a client acknowledges it; nil where none is to.
    package let ackID: UInt64?
    /// Whether a client that can't be written to now goes without.
    package let isVolatile: Bool
    /// Whether its last argument is a text, or it has none but its name.
    package let endsInText: Bool

    package init(_ broadcast: AdapterBroadcast, ackID: UInt64? = nil) {
        let (json, attachments) = MessagePackValue.array(broadcast.data).jsonWithAttachments
        frames =
            SocketIOPacket(.event, ackID: ackID.map(String.init), json: json, attachments: attachments.map { ByteBuffer(bytes: $0) }).frames
        self.ackID = ackID
        isVolatile = broadcast.isVolatile
        endsInText = broadcast.data.last?.text != nil
    }
}
