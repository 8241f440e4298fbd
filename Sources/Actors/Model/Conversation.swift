/// The name of a channel without its `ch:` prefix: 1–64 of `a-z 0-9 _ . -`.
package struct ChannelName: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let description: String

    package init?(_ text: some StringProtocol) {
        guard let name = text.withUTF8Bytes(Self.init(utf8:)) else { return nil }
        self = name
    }

    init?(utf8 bytes: UnsafeBufferPointer<UInt8>) {
        guard (1...64).contains(bytes.count), bytes.allSatisfy(Self.isAllowed) else { return nil }
        description = String(decoding: bytes, as: UTF8.self)
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.description < rhs.description
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"): true
        default: false
        }
    }
}

/// The two people of a direct conversation, the lower id first; both may be the same person.
package struct UserPair: Hashable, Sendable {
    package let first: UserID
    package let second: UserID

    package init(_ one: UserID, _ other: UserID) {
        first = min(one, other)
        second = max(one, other)
    }

    package func contains(_ user: UserID) -> Bool {
        user == first || user == second
    }

    /// The person that `user` talks to: `user` again in a conversation with oneself.
    package func other(than user: UserID) -> UserID {
        user == first ? second : first
    }
}

/// A direct conversation `dm:<userId>:<userId>` or a channel `ch:<name>`.
package enum ConversationID: Hashable, Sendable {
    case direct(UserPair)
    case channel(ChannelName)

    /// Reads the text form; nil for anything else, ids in descending order included.
    package init?(_ text: some StringProtocol) {
        guard let id = text.withUTF8Bytes(Self.init(utf8:)) else { return nil }
        self = id
    }

    init?(utf8 bytes: UnsafeBufferPointer<UInt8>) {
        let rest = UnsafeBufferPointer(rebasing: bytes.dropFirst(3))
        if bytes.starts(with: "ch:".utf8) {
            guard let name = ChannelName(utf8: rest) else { return nil }
            self = .channel(name)
        } else if bytes.starts(with: "dm:".utf8) {
            guard let colon = rest.firstIndex(of: UInt8(ascii: ":")),
                let first = UserID(utf8: UnsafeBufferPointer(rebasing: rest[..<colon])),
                let second = UserID(utf8: UnsafeBufferPointer(rebasing: rest[(colon + 1)...])), first <= second
            else { return nil }
            self = .direct(UserPair(first, second))
        } else {
            return nil
        }
    }
}

extension ConversationID: CustomStringConvertible {
    package var description: String {
        switch self {
        case .direct(let pair): "dm:\(pair.first):\(pair.second)"
        case .channel(let name): "ch:\(name)"
        }
    }
}

/// A conversation as its member sees it in a list.
package struct ConversationSummary: Hashable, Sendable {
    package let conversationID: ConversationID
    /// The other person's name, or the channel's title.
    package let title: String
    package let lastSeq: Int64
    /// The highest sequence number that the member has read.
    package let readSeq: Int64
    package let lastMessage: Message?

    package var unread: Int64 {
        max(0, lastSeq - readSeq)
    }

    package init(conversationID: ConversationID, title: String, lastSeq: Int64, readSeq: Int64, lastMessage: Message?) {
        self.conversationID = conversationID
        self.title = title
        self.lastSeq = lastSeq
        self.readSeq = readSeq
        self.lastMessage = lastMessage
    }
}

/// A place in a user's list of conversations, which stays where it is when one of them gets a message.
package struct ConversationPosition: Hashable, Sendable, CustomStringConvertible {
    /// The one that the list then shows last, by its newest message.
    package let stamp: Stamp
    /// That message, by which those of one stamp are told apart; nil where there is none.
    package let messageID: MessageID?
    package let conversationID: ConversationID

    package init(stamp: Stamp, messageID: MessageID?, conversationID: ConversationID) {
        self.stamp = stamp
        self.messageID = messageID
        self.conversationID = conversationID
    }

    /// Reads the text form; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let stamp = UInt64(parts[0]), let conversationID = ConversationID(parts[2]) else { return nil }
        let messageID = MessageID(parts[1])
        guard messageID != nil || parts[1].isEmpty else { return nil }
        self.init(stamp: Stamp(stamp), messageID: messageID, conversationID: conversationID)
    }

    package var description: String { "\(stamp.value):\(messageID?.description ?? ""):\(conversationID)" }
}

/// Part of a user's list of conversations.
package struct ConversationPage: Hashable, Sendable {
    package let conversations: [ConversationSummary]
    /// Where the next page begins; nil where there is none.
    package let next: ConversationPosition?

    package init(conversations: [ConversationSummary], next: ConversationPosition?) {
        self.conversations = conversations
        self.next = next
    }

    /// - Parameter found: in the order of the list, one more than the page holds where there are more.
    package init(found: [(summary: ConversationSummary, position: ConversationPosition)], limit: Int) {
        let page = found.prefix(max(0, limit))
        conversations = page.map(\.summary)
        next = found.count > page.count ? page.last?.position : nil
    }
}
