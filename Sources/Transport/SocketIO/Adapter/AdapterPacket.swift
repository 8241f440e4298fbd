package import NIOCore

/// An event for clients, encoded once for all who get it.
package struct AdapterPacket: Hashable, Sendable {
    /// The event's name and its arguments as a JSON array, a placeholder for each attachment in it.
    package let json: ByteBuffer
    /// The binaries in the order of their numbers.
    package let attachments: [[UInt8]]
    /// Whether a client that can't be written to now goes without.
    package let isVolatile: Bool

    package init(_ broadcast: AdapterBroadcast) {
        (json, attachments) = MessagePackValue.array(broadcast.data).jsonWithAttachments
        isVolatile = broadcast.isVolatile
    }
}
