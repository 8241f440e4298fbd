import Actors
import NIOCore

extension ByteBuffer {
    /// Writes an id as its text, without a string of its own.
    mutating func writeID<Entity>(_ id: Identifier<Entity>) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: Identifier<Entity>.textLength) { bytes in
            id.write(to: bytes)
            return Identifier<Entity>.textLength
        }
    }

    /// As the other, of a conversation.
    mutating func writeID(_ conversation: ConversationID) {
        switch conversation {
        case .direct(let pair):
            writeStaticString("dm:")
            writeID(pair.first)
            writeInteger(UInt8(ascii: ":"))
            writeID(pair.second)
        case .channel(let name):
            writeStaticString("ch:")
            writeString(name.description)
        }
    }
}
