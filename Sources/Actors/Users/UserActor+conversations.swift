extension UserActor {
    /// Messages of one conversation that are stored, ascending: from this instance's writer, or as hints. Each is written when it has
    /// its turn, and once.
    package func deliver(_ messages: [Message], by path: DeliveryPath = .local) {
        guard let first = messages.first?.seq, let last = messages.last?.seq else { return }
        let conversation = messages[0].conversationID
        guard start != nil else { return note(first: first, last: last, in: conversation) }
        // Also the first of a conversation may come late, as an old hint.
        var feed = feeds.removeValue(forKey: conversation) ?? Feed()
        let (inTurn, needsFill) = feed.receive(messages)
        feeds[conversation] = feed
        audience.write(inTurn, in: conversation)
        environment.noteDelivered(inTurn, by: path)
        if needsFill { beginFill(conversation) }
    }

    /// The store is known to hold messages of a conversation up to `seq`.
    ///
    /// - Returns: whether some of them have not come here and are read now.
    @discardableResult
    package func expect(_ seq: Int64, in conversation: ConversationID) -> Bool {
        guard start != nil else {
            note(first: nil, last: seq, in: conversation)
            return false
        }
        let isMissing = feeds[conversation, default: Feed()].cursor.expect(seq)
        if isMissing { beginFill(conversation) }
        return isMissing
    }

    /// A message was edited, deleted or reacted to.
    package func update(_ message: Message) {
        switch feeds[message.conversationID, default: Feed()].receive(update: message) {
        case .update:
            audience.write(update: message)
            // Nothing is known of the conversation here: it may be one of the messages that are still to come.
            if feeds[message.conversationID]?.cursor.position == nil { expect(message.seq, in: message.conversationID) }
        case .deliver:
            audience.write(updateAhead: message)
            deliver([message])
        case .drop: break
        }
    }

    package func noteRead(_ cursor: ReadCursor) {
        guard feeds[cursor.conversationID, default: Feed()].reads.take(cursor) else { return }
        audience.write(.readReceipt(cursor))
    }

    /// Another user is typing, or has stopped.
    package func noteTyping(_ user: UserID, in conversation: ConversationID, isTyping: Bool) {
        typing.note(isTyping, TypingBoard.Entry(conversation: conversation, user: user), at: environment.time.uptime())
        audience.write(.typing(conversation, user, isTyping: isTyping))
        watchTyping()
    }

    /// Whether others are to be told that this user is typing.
    package func admitsTyping(_ isTyping: Bool, in conversation: ConversationID) -> Bool {
        throttle.admits(isTyping, in: conversation, at: environment.time.uptime())
    }

    private func note(first: Int64?, last: Int64, in conversation: ConversationID) {
        let known = early[conversation]
        let firsts = [first, known?.first].compactMap(\.self)
        early[conversation] = (firsts.min(), max(last, known?.last ?? 0))
    }

    private func beginFill(_ conversation: ConversationID) {
        // Nobody would end it.
        guard !isRetired else { return }
        feeds[conversation]?.fill = Task { await self.fill(conversation, environment: self.environment) }
    }
}

extension UserActor {
    package func nextQuestion(in conversation: ConversationID) -> Cursor<Message>.Question? {
        feeds[conversation]?.cursor.nextQuestion()
    }

    package func locate(_ conversation: ConversationID, at position: Int64) {
        guard var feed = feeds.removeValue(forKey: conversation) else { return }
        let isNews = feed.cursor.position == nil
        let inTurn = feed.locate(at: position)
        feeds[conversation] = feed
        if isNews { audience.begin(conversation, at: position) }
        audience.write(inTurn, in: conversation)
        environment.noteDelivered(inTurn, by: .reconciler)
    }

    package func fill(_ conversation: ConversationID, with messages: [Message]) -> Int {
        guard var feed = feeds.removeValue(forKey: conversation) else { return 0 }
        let inTurn = feed.fill(with: messages)
        feeds[conversation] = feed
        audience.write(inTurn, in: conversation)
        environment.noteDelivered(inTurn, by: .reconciler)
        return inTurn.count
    }

    package func latest(_ messages: [Message], in conversation: ConversationID) -> [Message] {
        guard let updates = feeds[conversation]?.updates else { return messages }
        return messages.map(updates.latest)
    }

    package func advance(
        _ connection: ConnectionID,
        in conversation: ConversationID,
        with messages: [Message],
        lastSeq: Int64
    ) -> Int64? {
        audience.advance(connection, feed: feeds[conversation] ?? Feed(), with: messages, in: conversation, lastSeq: lastSeq)
    }

    package func skip(_ connection: ConnectionID, in conversation: ConversationID, lastSeq: Int64) -> Int64 {
        audience.skip(connection, feed: feeds[conversation] ?? Feed(), in: conversation, lastSeq: lastSeq)
    }
}

extension UserActor: TypingWatcher {
    func typingEnded(_ entry: TypingBoard.Entry) {
        audience.write(.typing(entry.conversation, entry.user, isTyping: false))
    }
}
