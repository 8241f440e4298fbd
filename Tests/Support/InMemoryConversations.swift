import Actors

/// The conversations, channels, memberships and messages of an `InMemoryStore`.
struct InMemoryConversations {
    private struct Key: Hashable {
        let sender: UserID
        let clientMessageID: ClientMessageID
    }

    private struct StoredMessage {
        var message: Message
        let original: String
        var stamp: Stamp
        var updatedStamp: Stamp
    }

    private struct Membership {
        var readSeq: Int64
        var joinedSeq: Int64
        var hasLeft = false
        var stamp: Stamp
    }

    private struct Conversation {
        /// The message numbered n is at n - 1.
        var messages: [StoredMessage] = []
        var lastMessageStamp: Stamp
        var stamp: Stamp
        var memberships: [UserID: Membership] = [:]

        var lastSeq: Int64 { Int64(messages.count) }

        func membership(of user: UserID) -> Membership? {
            memberships[user].flatMap { $0.hasLeft ? nil : $0 }
        }

        func lastSeq(at stamp: Stamp) -> Int64 {
            lastSeq(at: stamp, upTo: .max)
        }

        func lastSeq(at stamp: Stamp, upTo seq: Int64) -> Int64 {
            Int64(messages.prefix(Int(clamping: seq)).lastIndex { $0.stamp <= stamp } ?? -1) + 1
        }
    }

    private struct Place {
        let conversation: ConversationID
        let index: Int
    }

    private var conversations: [ConversationID: Conversation] = [:]
    private var channels: [ChannelName: ChatChannel] = [:]
    private var known: [Key: Place] = [:]
    private var places: [MessageID: Place] = [:]

    // Messages

    mutating func append(
        _ drafts: [MessageDraft],
        to id: ConversationID,
        stamp: () -> Stamp
    ) throws(StoreError) -> [AppendOutcome] {
        let before = self
        var outcomes: [AppendOutcome] = []
        for draft in drafts {
            let key = Key(sender: draft.senderID, clientMessageID: draft.clientMessageID)
            if let place = known[key], let found = conversations[place.conversation]?.messages[place.index] {
                let isSame = place.conversation == id && found.original.utf8.elementsEqual(draft.content.utf8)
                outcomes.append(isSame ? .duplicate(found.message) : .conflict)
                continue
            }
            guard places[draft.messageID] == nil else {
                self = before
                throw StoreError(.duplicateKey, "message id")
            }
            var conversation = conversations[id] ?? made(id, stamp: stamp())
            let place = Place(conversation: id, index: conversation.messages.count)
            let message = draft.message(in: id, seq: Int64(place.index) + 1)
            let now = stamp()
            conversation.messages.append(StoredMessage(message: message, original: draft.content, stamp: now, updatedStamp: now))
            conversation.lastMessageStamp = now
            conversation.stamp = now
            conversation.memberships[draft.senderID]?.readSeq = message.seq
            conversations[id] = conversation
            known[key] = place
            places[draft.messageID] = place
            outcomes.append(.stored(message))
        }
        return outcomes
    }

    mutating func change(
        _ id: MessageID,
        in conversation: ConversationID,
        by user: UserID,
        _ change: MessageChange,
        stamp: () -> Stamp
    ) -> ChangeOutcome {
        guard
            let place = places[id], place.conversation == conversation,
            let message = conversations[conversation]?.messages[place.index].message
        else { return .notFound }
        let outcome = change.applied(to: message, by: user)
        guard case .changed(let changed) = outcome else { return outcome }
        let now = stamp()
        conversations[conversation]?.messages[place.index].message = changed
        conversations[conversation]?.messages[place.index].updatedStamp = now
        conversations[conversation]?.stamp = now
        return outcome
    }

    mutating func raise(_ id: ConversationID, stamp: Stamp) {
        conversations[id]?.lastMessageStamp = stamp
        conversations[id]?.stamp = stamp
    }

    mutating func renewStamps(in id: ConversationID, after raised: Int64, upTo seq: Int64, stamp: Stamp) {
        guard let messages = conversations[id]?.messages else { return }
        for (index, stored) in messages.enumerated() where stored.message.seq > raised && stored.message.seq <= seq {
            conversations[id]?.messages[index].stamp = stamp
        }
    }

    func lastSeq(in id: ConversationID, at stamp: Stamp, upTo seq: Int64 = .max) -> Int64 {
        conversations[id]?.lastSeq(at: stamp, upTo: seq) ?? 0
    }

    func messages(in id: ConversationID, before: Int64?, after: Int64?, limit: Int) -> MessagePage {
        let limit = max(0, limit)
        let inRange = (conversations[id]?.messages ?? []).map(\.message).filter { message in
            message.seq < before ?? .max && message.seq > after ?? 0
        }
        let page = after == nil ? inRange.suffix(limit) : inRange.prefix(limit)
        return MessagePage(messages: Array(page), hasMore: inRange.count > page.count)
    }

    func messages(after: [ConversationID: Int64], each: Int, limit: Int) -> [Message] {
        let found = after.sorted { $0.key.description < $1.key.description }.flatMap { id, seq in
            messages(in: id, before: nil, after: seq, limit: each).messages
        }
        return Array(found.prefix(max(0, limit)))
    }

    func updatedMessages(in ids: [ConversationID], after position: ChangePosition, limit: Int) -> ChangePage<Message> {
        let found = Set(ids).flatMap { conversations[$0]?.messages ?? [] }
            .filter { $0.message.rev > 0 && $0.updatedStamp >= position.stamp }
            .map { ($0.message, ChangePosition(stamp: $0.updatedStamp, key: $0.message.messageID.description)) }
        return ChangePage(found, after: position, limit: limit)
    }

    // What a user has

    func summaries(of user: UserID, after position: ConversationPosition?, limit: Int, name: (UserID) -> String?) -> ConversationPage {
        // No two have the same stamp.
        let mine = conversations.filter { $0.value.membership(of: user) != nil && $0.value.lastMessageStamp < position?.stamp ?? .latest }
            .sorted { $0.value.lastMessageStamp > $1.value.lastMessageStamp }
        let found = mine.map { id, conversation in
            let title =
                switch id {
                case .direct(let pair): name(pair.other(than: user)) ?? ""
                case .channel(let name): channels[name]?.title ?? name.description
                }
            let summary = ConversationSummary(
                conversationID: id,
                title: title,
                lastSeq: conversation.lastSeq,
                readSeq: conversation.memberships[user]?.readSeq ?? 0,
                lastMessage: conversation.messages.last?.message
            )
            let position = ConversationPosition(stamp: conversation.lastMessageStamp, messageID: nil, conversationID: id)
            return (summary: summary, position: position)
        }
        return ConversationPage(found: found, limit: limit)
    }

    func missed(
        by user: UserID,
        cursors: [ConversationID: Int64],
        since stamp: Stamp?,
        raisedTo raisedSeqs: [ConversationID: Int64] = [:]
    ) -> [MissedConversation] {
        var seen = cursors
        for (id, conversation) in conversations where cursors[id] == nil {
            guard let stamp, conversation.lastMessageStamp > stamp, let mine = conversation.membership(of: user) else { continue }
            seen[id] = max(mine.joinedSeq, conversation.lastSeq(at: stamp, upTo: raisedSeqs[id] ?? .max))
        }
        return seen.compactMap { id, seq in
            guard let stored = conversations[id]?.lastSeq else { return nil }
            let lastSeq = min(stored, raisedSeqs[id] ?? .max)
            guard lastSeq > seq else { return nil }
            return MissedConversation(conversationID: id, after: max(0, seq), lastSeq: lastSeq)
        }
    }

    func updates(for user: UserID, after position: UpdatesPosition, limit: Int) -> UpdatesPage {
        let mine = conversations.filter { $0.value.membership(of: user) != nil }
        let reads = mine.flatMap { id, conversation in
            conversation.memberships.compactMap { reader, membership -> (ReadCursor, ChangePosition)? in
                guard membership.readSeq > 0, reader == user || id.isDirect else { return nil }
                let cursor = ReadCursor(conversationID: id, userID: reader, seq: membership.readSeq)
                return (cursor, ChangePosition(stamp: membership.stamp, key: "\(reader) \(id)"))
            }
        }
        return UpdatesPage(
            messages: position.messages.map { updatedMessages(in: Array(mine.keys), after: $0, limit: limit) } ?? .empty,
            reads: position.reads.map { ChangePage(reads, after: $0, limit: limit) } ?? .empty
        )
    }

    func contacts(of user: UserID, limit: Int) -> [UserID] {
        let direct = conversations.sorted { $0.value.lastMessageStamp > $1.value.lastMessageStamp }.compactMap { id, _ -> UserID? in
            guard case .direct(let pair) = id, pair.contains(user), pair.first != pair.second else { return nil }
            return pair.other(than: user)
        }
        return Array(direct.prefix(max(0, limit)))
    }

    mutating func markRead(_ id: ConversationID, by user: UserID, upTo seq: Int64, stamp: () -> Stamp) -> ReadOutcome {
        guard let conversation = conversations[id], let mine = conversation.membership(of: user) else { return .notFound }
        guard seq <= conversation.lastSeq else { return .beyond(lastSeq: conversation.lastSeq) }
        guard seq > mine.readSeq else { return .unchanged }
        conversations[id]?.memberships[user]?.readSeq = seq
        conversations[id]?.memberships[user]?.stamp = stamp()
        return .advanced
    }

    // Channels

    mutating func create(_ channel: ChatChannel, stamp: Stamp) throws(StoreError) {
        guard channels[channel.name] == nil else { throw StoreError(.duplicateKey, "channel name") }
        channels[channel.name] = channel
        let id = ConversationID.channel(channel.name)
        conversations[id] = conversations[id] ?? made(id, stamp: stamp)
    }

    func channel(_ name: ChannelName) -> ChannelSummary? {
        guard let channel = channels[name], let conversation = conversations[.channel(name)] else { return nil }
        let members = conversation.memberships.values.count { !$0.hasLeft }
        return ChannelSummary(channel: channel, members: members, lastSeq: conversation.lastSeq)
    }

    func channels(after: ChannelName?, limit: Int) -> [ChannelSummary] {
        let names = channels.keys.filter { name in after.map { name > $0 } ?? true }.sorted()
        return names.prefix(max(0, limit)).compactMap { channel($0) }
    }

    mutating func join(_ name: ChannelName, user: UserID, limit: Int, stamp: () -> Stamp) -> JoinOutcome {
        guard let summary = channel(name) else { return .noSuchChannel }
        guard !isMember(user, of: name) else { return .alreadyMember(summary) }
        guard channels(of: user).count < limit else { return .tooManyChannels }
        let id = ConversationID.channel(name)
        var mine = conversations[id]?.memberships[user] ?? Membership(readSeq: summary.lastSeq, joinedSeq: 0, stamp: Stamp(0))
        mine.joinedSeq = summary.lastSeq
        mine.hasLeft = false
        mine.stamp = stamp()
        conversations[id]?.memberships[user] = mine
        return channel(name).map(JoinOutcome.joined) ?? .noSuchChannel
    }

    mutating func leave(_ name: ChannelName, user: UserID, stamp: () -> Stamp) -> LeaveOutcome {
        guard channels[name] != nil else { return .noSuchChannel }
        guard isMember(user, of: name) else { return .notMember }
        conversations[.channel(name)]?.memberships[user]?.hasLeft = true
        conversations[.channel(name)]?.memberships[user]?.stamp = stamp()
        return .left
    }

    func joinedSeq(of user: UserID, in name: ChannelName) -> Int64? {
        conversations[.channel(name)]?.membership(of: user)?.joinedSeq
    }

    func isMember(_ user: UserID, of name: ChannelName) -> Bool {
        conversations[.channel(name)]?.membership(of: user) != nil
    }

    func channels(of user: UserID) -> [ChannelName] {
        channels.keys.filter { isMember(user, of: $0) }.sorted()
    }

    func members(of name: ChannelName, after: UserID?, limit: Int) -> [UserID] {
        let members = conversations[.channel(name)]?.memberships.filter { !$0.value.hasLeft }.keys ?? [:].keys
        return Array(members.filter { member in after.map { member > $0 } ?? true }.sorted().prefix(max(0, limit)))
    }

    // What changed

    var conversationChanges: [(change: ConversationChange, position: ChangePosition)] {
        conversations.map { id, conversation in
            let change = ConversationChange(conversationID: id, lastSeq: conversation.lastSeq, stamp: conversation.stamp)
            return (change, ChangePosition(stamp: conversation.stamp, key: id.description))
        }
    }

    var membershipChanges: [(change: MembershipChange, position: ChangePosition)] {
        conversations.flatMap { id, conversation in
            conversation.memberships.map { user, membership in
                let change = MembershipChange(
                    conversationID: id,
                    userID: user,
                    isMember: !membership.hasLeft,
                    readSeq: membership.readSeq,
                    stamp: membership.stamp
                )
                return (change, ChangePosition(stamp: membership.stamp, key: "\(user) \(id)"))
            }
        }
    }

    private func made(_ id: ConversationID, stamp: Stamp) -> Conversation {
        var conversation = Conversation(lastMessageStamp: stamp, stamp: stamp)
        if case .direct(let pair) = id {
            for member in [pair.first, pair.second] {
                conversation.memberships[member] = Membership(readSeq: 0, joinedSeq: 0, stamp: stamp)
            }
        }
        return conversation
    }
}

extension ConversationID {
    fileprivate var isDirect: Bool {
        if case .direct = self { true } else { false }
    }
}
