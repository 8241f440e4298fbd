/// A chat room that users join; its messages are the conversation `ch:<name>`.
package struct ChatChannel: Hashable, Sendable {
    package let name: ChannelName
    /// 1–100 characters, for people; the name where none was given.
    package let title: String
    package let createdBy: UserID
    package let createdAt: Timestamp

    package init(name: ChannelName, title: String, createdBy: UserID, createdAt: Timestamp) {
        self.name = name
        self.title = title
        self.createdBy = createdBy
        self.createdAt = createdAt
    }
}

/// A channel as the store counts it.
package struct ChannelSummary: Hashable, Sendable {
    package let channel: ChatChannel
    /// Users that have joined and not left, connected or not.
    package let members: Int
    /// The number of the newest message; 0 where there is none.
    package let lastSeq: Int64

    package init(channel: ChatChannel, members: Int, lastSeq: Int64) {
        self.channel = channel
        self.members = members
        self.lastSeq = lastSeq
    }
}

/// What became of a wish to join.
package enum JoinOutcome: Hashable, Sendable {
    case joined(ChannelSummary)
    /// Was a member before; nothing was changed.
    case alreadyMember(ChannelSummary)
    case noSuchChannel
    /// The user is in as many channels as the limit allows.
    case tooManyChannels
}

/// What became of a wish to leave.
package enum LeaveOutcome: Hashable, Sendable {
    case left
    /// Was no member; nothing was changed.
    case notMember
    case noSuchChannel
}
