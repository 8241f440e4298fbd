/// What became of an edit, a deletion or a reaction.
package enum ChangeOutcome: Hashable, Sendable {
    /// Stored; the message as it is now, its `rev` raised.
    case changed(Message)
    /// It was so already; the message as it is.
    case unchanged(Message)
    /// The conversation has no such message.
    case notFound
    /// The message is another user's.
    case notAuthor
    /// The message was deleted before.
    case deleted
    /// The message holds as many reactions as it may.
    case tooManyReactions
}

/// What became of a read cursor.
package enum ReadOutcome: Hashable, Sendable {
    case advanced
    /// The cursor was there already, or further.
    case unchanged
    /// There is no message of that number yet; this is the last.
    case beyond(lastSeq: Int64)
    /// The user doesn't belong to the conversation, or there is none.
    case notFound
}

/// How far a member has read.
package struct ReadCursor: Hashable, Sendable {
    package let conversationID: ConversationID
    package let userID: UserID
    package let seq: Int64

    package init(conversationID: ConversationID, userID: UserID, seq: Int64) {
        self.conversationID = conversationID
        self.userID = userID
        self.seq = seq
    }
}

/// A place in the order of changes: everything up to it is known. Changes of one stamp are told apart by a key of the store's own.
package struct ChangePosition: Hashable, Sendable {
    package let stamp: Stamp
    /// Empty: before everything of this stamp's successors, behind everything of `stamp` itself.
    package let key: String

    package init(stamp: Stamp, key: String = "") {
        self.stamp = stamp
        self.key = key
    }

    /// Whether what is here comes after everything up to `other`.
    package func isBehind(_ other: ChangePosition) -> Bool {
        other.key.isEmpty ? stamp > other.stamp : (stamp, key) > (other.stamp, other.key)
    }
}

/// Part of what changed, in the order of stamps.
package struct ChangePage<Change: Sendable>: Sendable {
    package let changes: [Change]
    /// Where the next page begins; nil where nothing more has changed.
    package let next: ChangePosition?

    package init(changes: [Change], next: ChangePosition?) {
        self.changes = changes
        self.next = next
    }

    /// The page behind `position` of all that changed.
    package init(_ all: [(change: Change, position: ChangePosition)], after position: ChangePosition, limit: Int) {
        let found = all.filter { $0.position.isBehind(position) }
            .sorted { ($0.position.stamp, $0.position.key) < ($1.position.stamp, $1.position.key) }
        let page = found.prefix(max(1, limit))
        self.init(changes: page.map(\.change), next: found.count > page.count ? page.last?.position : nil)
    }

    /// Nothing has changed.
    package static var empty: ChangePage { ChangePage(changes: [], next: nil) }
}

/// A place in the order of what changed for one user other than by new messages; nil of a kind of which everything is known.
package struct UpdatesPosition: Hashable, Sendable {
    package let messages: ChangePosition?
    package let reads: ChangePosition?

    package init(messages: ChangePosition?, reads: ChangePosition?) {
        self.messages = messages
        self.reads = reads
    }

    package init(after stamp: Stamp) {
        self.init(messages: ChangePosition(stamp: stamp), reads: ChangePosition(stamp: stamp))
    }
}

/// Part of what changed for one user other than by new messages.
package struct UpdatesPage: Sendable {
    /// Messages that were edited, deleted or reacted to.
    package let messages: ChangePage<Message>
    package let reads: ChangePage<ReadCursor>

    package init(messages: ChangePage<Message>, reads: ChangePage<ReadCursor>) {
        self.messages = messages
        self.reads = reads
    }

    /// Where the next page begins; nil where nothing more has changed.
    package var next: UpdatesPosition? {
        guard messages.next != nil || reads.next != nil else { return nil }
        return UpdatesPosition(messages: messages.next, reads: reads.next)
    }
}

/// A conversation that has new messages, or in which some were edited, deleted or reacted to.
package struct ConversationChange: Hashable, Sendable {
    package let conversationID: ConversationID
    package let lastSeq: Int64
    package let stamp: Stamp

    package init(conversationID: ConversationID, lastSeq: Int64, stamp: Stamp) {
        self.conversationID = conversationID
        self.lastSeq = lastSeq
        self.stamp = stamp
    }
}

/// Somebody who has joined, left or read.
package struct MembershipChange: Hashable, Sendable {
    package let conversationID: ConversationID
    package let userID: UserID
    package let isMember: Bool
    package let readSeq: Int64
    package let stamp: Stamp

    package init(conversationID: ConversationID, userID: UserID, isMember: Bool, readSeq: Int64, stamp: Stamp) {
        self.conversationID = conversationID
        self.userID = userID
        self.isMember = isMember
        self.readSeq = readSeq
        self.stamp = stamp
    }
}

/// A user whose sessions were ended, all of an epoch below `authEpoch`.
package struct UserKickChange: Hashable, Sendable {
    package let userID: UserID
    package let isSuspended: Bool
    package let authEpoch: Int64
    package let stamp: Stamp

    package init(userID: UserID, isSuspended: Bool, authEpoch: Int64, stamp: Stamp) {
        self.userID = userID
        self.isSuspended = isSuspended
        self.authEpoch = authEpoch
        self.stamp = stamp
    }
}

/// A session that was ended by itself.
package struct SessionKickChange: Hashable, Sendable {
    package let userID: UserID
    package let sessionID: SessionID
    package let stamp: Stamp

    package init(userID: UserID, sessionID: SessionID, stamp: Stamp) {
        self.userID = userID
        self.sessionID = sessionID
        self.stamp = stamp
    }
}

/// A conversation in which a user has something to catch up with.
package struct MissedConversation: Hashable, Sendable {
    package let conversationID: ConversationID
    /// Everything up to this number is with the user.
    package let after: Int64
    package let lastSeq: Int64

    package init(conversationID: ConversationID, after: Int64, lastSeq: Int64) {
        self.conversationID = conversationID
        self.after = after
        self.lastSeq = lastSeq
    }
}
