package import Actors
package import NIOCore

/// Where a client stands: what a recovered connection brings instead of a `SYNC`, and what it is told while it is connected.
///
/// Nothing of it is kept on the server, so that any instance can recover any connection at any time.
package struct SyncOffset: Hashable, Sendable {
    /// Conversations that one offset names; of a further one only the stamp counts, and messages may come again.
    package static let cursorLimit = 256
    private static let version = "1"
    private static let separator = UInt8(ascii: "!")

    package let userID: UserID
    package private(set) var stamp: Stamp
    package private(set) var cursors: [ConversationID: Int64]

    package init(userID: UserID, stamp: Stamp, cursors: [ConversationID: Int64] = [:]) {
        self.userID = userID
        self.stamp = stamp
        self.cursors = cursors
    }

    /// Reads what `write` wrote; nil for anything else.
    package init?(_ text: String) {
        // By bytes: a walk over characters takes ten times as long.
        let parts = text.utf8.split(separator: Self.separator, omittingEmptySubsequences: false).map(Substring.init)
        guard
            parts.count == 4, parts[0] == Self.version,
            let user = UserID(parts[1]),
            let number = UInt64(parts[2])
        else { return nil }
        var cursors: [ConversationID: Int64] = [:]
        for field in parts[3].utf8.split(separator: UInt8(ascii: ",")) {
            let pair = field.split(separator: UInt8(ascii: "="), maxSplits: 1).map(Substring.init)
            guard
                pair.count == 2, let conversation = ConversationID(pair[0]), let seq = Int64(pair[1]), seq >= 0,
                cursors.count < Self.cursorLimit
            else { return nil }
            cursors[conversation] = seq
        }
        self.init(userID: user, stamp: Stamp(number), cursors: cursors)
    }

    /// Appends what stands in a JSON string as it is.
    package func write(to buffer: inout ByteBuffer) {
        buffer.writeString(Self.version)
        buffer.writeInteger(Self.separator)
        buffer.writeID(userID)
        buffer.writeInteger(Self.separator)
        buffer.writeString(String(stamp.value))
        var separator = Self.separator
        for (conversation, seq) in cursors {
            buffer.writeInteger(separator)
            buffer.writeID(conversation)
            buffer.writeInteger(UInt8(ascii: "="))
            buffer.writeString(String(seq))
            separator = UInt8(ascii: ",")
        }
        if cursors.isEmpty { buffer.writeInteger(separator) }
    }

    /// A message was delivered in its turn: everything below it is with the client.
    package mutating func delivered(_ place: MessagePlace) {
        delivered(place.seq, in: place.conversationID)
    }

    /// The client's own message was acknowledged, which may be out of turn.
    package mutating func acknowledged(_ place: MessagePlace) {
        if cursors[place.conversationID] == place.seq - 1 { cursors[place.conversationID] = place.seq }
    }

    /// Everything up to `synced` is with the client.
    package mutating func caughtUp(_ synced: Synced) {
        stamp = synced.stamp
        for (conversation, seq) in synced.cursors where seq > cursors[conversation] ?? 0 { delivered(seq, in: conversation) }
    }

    private mutating func delivered(_ seq: Int64, in conversation: ConversationID) {
        if cursors.count >= Self.cursorLimit, cursors[conversation] == nil, let other = cursors.keys.first { cursors[other] = nil }
        cursors[conversation] = seq
    }
}
