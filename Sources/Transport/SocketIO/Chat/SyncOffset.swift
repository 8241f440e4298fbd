package import Actors

/// Where a client stands: what a recovered connection brings instead of a `SYNC`, and what it is told while it is connected.
///
/// Nothing of it is kept on the server, so that any instance can recover any connection at any time.
package struct SyncOffset: Hashable, Sendable {
    /// Conversations that one offset names; of a further one only the stamp counts, and messages may come again.
    package static let cursorLimit = 256
    private static let version = "1"

    package let userID: UserID
    package private(set) var stamp: Stamp
    package private(set) var cursors: [ConversationID: Int64]

    package init(userID: UserID, stamp: Stamp, cursors: [ConversationID: Int64] = [:]) {
        self.userID = userID
        self.stamp = stamp
        self.cursors = cursors
    }

    /// Reads what `text` gave; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "!", omittingEmptySubsequences: false)
        guard
            parts.count == 4, parts[0] == Self.version,
            let user = UserID(parts[1]),
            let number = UInt64(parts[2])
        else { return nil }
        var cursors: [ConversationID: Int64] = [:]
        for field in parts[3].split(separator: ",") {
            let pair = field.split(separator: "=", maxSplits: 1)
            guard
                pair.count == 2, let conversation = ConversationID(pair[0]), let seq = Int64(pair[1]), seq >= 0,
                cursors.count < Self.cursorLimit
            else { return nil }
            cursors[conversation] = seq
        }
        self.init(userID: user, stamp: Stamp(number), cursors: cursors)
    }

    /// Stands in a JSON string as it is.
    package var text: String {
        let list = cursors.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
        return "\(Self.version)!\(userID)!\(stamp.value)!\(list)"
    }

    /// A message was delivered in its turn: everything below it is with the client.
    package mutating func delivered(_ seq: Int64, in conversation: ConversationID) {
        if cursors.count >= Self.cursorLimit, cursors[conversation] == nil, let other = cursors.keys.first { cursors[other] = nil }
        cursors[conversation] = seq
    }

    /// The client's own message was acknowledged, which may be out of turn.
    package mutating func acknowledged(_ seq: Int64, in conversation: ConversationID) {
        if cursors[conversation] == seq - 1 { cursors[conversation] = seq }
    }

    /// Everything up to `synced` is with the client.
    package mutating func caughtUp(_ synced: Synced) {
        stamp = synced.stamp
        for (conversation, seq) in synced.cursors where seq > cursors[conversation] ?? 0 { delivered(seq, in: conversation) }
    }
}
