/// One channel on this instance: its members' sessions here, and how far its messages have been delivered to them.
package actor ChannelActor: FeedOwner {
    package nonisolated let name: ChannelName
    package nonisolated let conversation: ConversationID
    let environment: DeliveryEnvironment
    private var feed = Feed()
    private var audience = Audience()
    var typing = TypingBoard()
    var typingClock: Task<Void, Never>?
    private var preparation: Task<Result<Void, StoreError>, Never>?
    private var isFollowing = false
    private var isRetired = false

    package init(name: ChannelName, environment: DeliveryEnvironment) {
        self.name = name
        self.environment = environment
        conversation = .channel(name)
    }

    /// Nil: what is delivered begins with the first member.
    package var start: Stamp? { nil }

    /// Takes a session in. Whatever is delivered after this reaches it, at once or, where it is held, after `release`.
    ///
    /// - Parameter seq: the number up to which the session lacks nothing, where what came since is to be brought too.
    /// - Returns: the number up to which it has everything, where it is behind now; else nil.
    /// - Throws: where it can't be read how far the channel is.
    @discardableResult
    package func enter(
        _ session: SessionActor,
        of user: UserID,
        isHeld: Bool,
        after seq: Int64? = nil
    ) async throws(StoreError) -> Int64? {
        try await prepare()
        guard !isRetired, !audience.contains(session.connectionID) else { return nil }
        let position = feed.cursor.position ?? 0
        guard let seq, seq < position else {
            audience.add(session, of: user, isHeld: isHeld)
            return nil
        }
        audience.add(session, of: user, isHeld: true)
        _ = audience.update(session.connectionID) { $0.withhold(above: seq, in: conversation) }
        return isHeld ? nil : release(session.connectionID, missed: nil)
    }

    package func contains(_ connection: ConnectionID) -> Bool {
        audience.contains(connection)
    }

    package func leave(_ connection: ConnectionID) {
        audience.remove(connection)
    }

    package func leave(_ connections: [ConnectionID]) {
        for connection in connections { audience.remove(connection) }
    }

    /// The connections that are in the channel here.
    package var connections: [ConnectionID] { audience.connections }

    /// Begins to write to a session that was held.
    ///
    /// - Parameter missed: where it stands, if that is not where it came in.
    /// - Returns: the number up to which it has everything; nil where it is live.
    package func release(_ connection: ConnectionID, missed: MissedConversation?) -> Int64? {
        let places = missed.map { [conversation: $0] } ?? [:]
        let feed = feed
        return audience.release(connection, missed: places) { _ in feed }?[conversation]
    }

    /// What a session gets that has just joined by itself.
    package enum Greeting: Hashable, Sendable {
        /// It is live, or behind and to be brought what it lacks.
        case entered(behind: Int64?)
        /// It was live before; what it asked for again ends with this number.
        case again(upTo: Int64)
    }

    /// Answers a session's wish to join, which takes it in if it isn't: the answer is written before anything that comes after.
    ///
    /// - Parameter since: the number above which it wants what it missed.
    package func greet(
        _ session: SessionActor,
        of user: UserID,
        since: Int64?,
        ref: String?,
        members: Int
    ) async throws(StoreError) -> Greeting {
        try await prepare()
        let since = try await existing(since)
        guard !isRetired else { throw StoreError(.unavailable, "the channel was left meanwhile") }
        let position = feed.cursor.position ?? 0
        let answer = Event.channelJoined(ref: ref, name, lastSeq: position, members: members)
        session.executor.execute { session.assumeIsolated { $0.answer(answer) } }
        guard !audience.contains(session.connectionID) else { return .again(upTo: position) }
        audience.add(session, of: user, isHeld: true)
        let place = since.map { MissedConversation(conversationID: conversation, after: $0, lastSeq: position) }
        return .entered(behind: release(session.connectionID, missed: place))
    }

    /// The number, where there is a message of that: a client may have seen one elsewhere that has not come here.
    private func existing(_ seq: Int64?) async throws(StoreError) -> Int64? {
        guard let seq, seq > feed.cursor.position ?? 0 else { return seq }
        return min(seq, try await environment.store.lastSeq(in: conversation, at: .latest))
    }

    /// Messages that are stored, ascending: from this instance's writer, or as hints.
    package func deliver(_ messages: [Message], by path: DeliveryPath = .local) {
        let (inTurn, needsFill) = feed.receive(messages)
        audience.write(inTurn, in: conversation)
        environment.noteDelivered(inTurn, by: path)
        if needsFill { beginFill() }
    }

    /// The store is known to hold messages up to `seq`.
    ///
    /// - Returns: whether some of them have not come here and are read now.
    @discardableResult
    package func expect(_ seq: Int64) -> Bool {
        let isMissing = feed.cursor.expect(seq)
        if isMissing { beginFill() }
        return isMissing
    }

    /// A message was edited, deleted or reacted to.
    package func update(_ message: Message) {
        switch feed.receive(update: message) {
        case .update: audience.write(update: message)
        case .deliver:
            audience.write(updateAhead: message)
            deliver([message])
        case .drop: break
        }
    }

    package func noteTyping(_ user: UserID, isTyping: Bool) {
        typing.note(isTyping, TypingBoard.Entry(conversation: conversation, user: user), at: environment.time.uptime())
        audience.write(.typing(conversation, user, isTyping: isTyping), exceptTo: user)
        watchTyping()
    }

    package func noteRead(_ cursor: ReadCursor) {
        guard feed.reads.take(cursor) else { return }
        audience.write(.readReceipt(cursor))
    }

    /// Ends what is under way: nobody here is in the channel any more, and whoever comes gets another actor.
    func retire() {
        isRetired = true
        feed.fill?.cancel()
        typingClock?.cancel()
        if isFollowing { environment.bus.unfollow(.channel(name)) }
        isFollowing = false
    }

    /// Hears of the channel, and then learns how far it is.
    private func prepare() async throws(StoreError) {
        guard feed.cursor.position == nil else { return }
        let task = preparation ?? Task { await self.locate() }
        preparation = task
        try await task.value.get()
    }

    private func locate() async -> Result<Void, StoreError> {
        defer { preparation = nil }
        if !isFollowing {
            await environment.bus.follow(.channel(name))
            guard !isRetired else {
                environment.bus.unfollow(.channel(name))
                return .success(())
            }
            isFollowing = true
        }
        do throws(StoreError) {
            locate(conversation, at: try await environment.store.lastSeq(in: conversation, at: .latest))
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    private func beginFill() {
        // Nobody would end it.
        guard !isRetired else { return }
        feed.fill = Task { await self.fill(self.conversation, environment: self.environment) }
    }
}

extension ChannelActor {
    package func nextQuestion(in conversation: ConversationID) -> Cursor<Message>.Question? {
        feed.cursor.nextQuestion()
    }

    package func locate(_ conversation: ConversationID, at position: Int64) {
        let inTurn = feed.locate(at: position)
        audience.write(inTurn, in: conversation)
        environment.noteDelivered(inTurn, by: .reconciler)
    }

    package func fill(_ conversation: ConversationID, with messages: [Message]) -> Int {
        let inTurn = feed.fill(with: messages)
        audience.write(inTurn, in: conversation)
        environment.noteDelivered(inTurn, by: .reconciler)
        return inTurn.count
    }

    package func latest(_ messages: [Message], in conversation: ConversationID) -> [Message] {
        messages.map(feed.updates.latest)
    }

    package func advance(
        _ connection: ConnectionID,
        in conversation: ConversationID,
        with messages: [Message],
        lastSeq: Int64
    ) -> Int64? {
        audience.advance(connection, feed: feed, with: messages, in: conversation, lastSeq: lastSeq)
    }

    package func skip(_ connection: ConnectionID, in conversation: ConversationID, lastSeq: Int64) -> Int64 {
        audience.skip(connection, feed: feed, in: conversation, lastSeq: lastSeq)
    }
}

extension ChannelActor: TypingWatcher {
    func typingEnded(_ entry: TypingBoard.Entry) {
        audience.write(.typing(entry.conversation, entry.user, isTyping: false), exceptTo: entry.user)
    }
}
