import Actors

/// The fields by the rules that the protocol has for them; each failure says what is allowed.
extension FrameFields {
    /// Entries that one part of a `SYNC` may have.
    static let cursorLimit = 5_000

    /// The longest conversation's id: two users' ids.
    private static let maxConversationBytes = 76
    private static let maxIdentifierBytes = 36
    private static let conversationForm = "dm:<userId>:<userId>, the lower id first, or ch: and 1 to 64 of a-z 0-9 _ . -"

    func checkedContent() throws(RequestError) -> String {
        guard case .value(let content) = content else {
            throw RequestError(.badRequest, "content must be a string of 1 to \(MessageContent.maxLength) characters.")
        }
        if let refusal = MessageContent.refusal(of: content) { throw refusal }
        return content
    }

    func conversation() throws(RequestError) -> ConversationID {
        guard let id = value(.conversationID)?.text(upTo: Self.maxConversationBytes).flatMap({ ConversationID($0) }) else {
            throw RequestError(.badRequest, "conversationId must be \(Self.conversationForm)")
        }
        return id
    }

    func message() throws(RequestError) -> MessageID {
        guard let id = value(.messageID)?.text(upTo: Self.maxIdentifierBytes).flatMap({ MessageID($0) }) else {
            throw RequestError(.badRequest, "messageId must be a message's id: a UUID in lower case.")
        }
        return id
    }

    func channel() throws(RequestError) -> ChannelName {
        guard case .value(let text) = channelID, case .channel(let name) = ConversationID(text) else {
            throw RequestError(.badRequest, "channelId must be ch: and 1 to 64 of a-z 0-9 _ . -")
        }
        return name
    }

    func checkedEmoji() throws(RequestError) -> String {
        guard let emoji = value(.emoji)?.text(upTo: Emoji.maxBytes), Emoji.isAllowed(emoji) else {
            throw RequestError(
                .badRequest,
                "emoji must be one character of up to \(Emoji.maxBytes) bytes that is neither a space nor a control."
            )
        }
        return emoji
    }

    /// Whether the reaction is added; it is removed where not.
    func adds() throws(RequestError) -> Bool {
        switch value(.operation)?.text(upTo: 6) {
        case "add": return true
        case "remove": return false
        default: throw RequestError(.badRequest, "op must be add or remove.")
        }
    }

    func isTyping() throws(RequestError) -> Bool {
        guard let isTyping = value(.isTyping)?.boolean else { throw RequestError(.badRequest, "isTyping must be true or false.") }
        return isTyping
    }

    func since() throws(RequestError) -> Int64? {
        guard let field = value(.since) else { return nil }
        guard let since = field.integer else {
            throw RequestError(.badRequest, "since must be an integer from 0 to 2^53 - 1, or be left out.")
        }
        return since
    }

    func seq() throws(RequestError) -> Int64 {
        guard let seq = value(.seq)?.integer, seq >= 1 else {
            throw RequestError(.badRequest, "seq must be an integer from 1 to 2^53 - 1.")
        }
        return seq
    }

    func status() throws(RequestError) -> PresenceStatus {
        guard let status = value(.status)?.text(upTo: 8).flatMap({ PresenceStatus(rawValue: $0) }), status != .offline else {
            throw RequestError(.badRequest, "status must be online, away or busy.")
        }
        return status
    }

    /// In their order, each once.
    func users() throws(RequestError) -> [UserID] {
        let limit = PresenceCommand.watchLimit
        guard let users = value(.userIDs)?.list(upTo: limit, of: Self.maxIdentifierBytes, { UserID($0) }) else {
            throw RequestError(.badRequest, "userIds must be an array of up to \(limit) users' ids: UUIDs in lower case.")
        }
        var known: Set<UserID> = []
        return users.filter { known.insert($0).inserted }
    }

    /// None where the field is absent.
    func cursors() throws(RequestError) -> [ConversationID: Int64] {
        guard let field = value(.cursors) else { return [:] }
        guard let cursors = field.integers(upTo: Self.cursorLimit, named: Self.maxConversationBytes, { ConversationID($0) }) else {
            throw RequestError(
                .badRequest,
                "cursors must be an object of up to \(Self.cursorLimit) integers from 0 to 2^53 - 1 by conversationId: \(Self.conversationForm)"
            )
        }
        return cursors
    }

    /// Exactly as it was given out.
    func stamp() throws(RequestError) -> Stamp? {
        guard let field = value(.stamp) else { return nil }
        guard let text = field.text(upTo: 20), let number = UInt64(text), String(number) == text else {
            throw RequestError(.badRequest, "stamp must be the string of an earlier WELCOME or SYNCED, or be left out.")
        }
        return Stamp(number)
    }

    func hasMore() throws(RequestError) -> Bool {
        guard let field = value(.more) else { return false }
        guard let hasMore = field.boolean else { throw RequestError(.badRequest, "more must be true or false, or be left out.") }
        return hasMore
    }

    /// As `hasMore` where the part is refused: whatever stands there that isn't `false` is taken for more, so that no part goes without the
    /// others.
    var seemsToHaveMore: Bool {
        value(.more).map { $0.boolean ?? true } ?? false
    }
}
