/// One user's connections on this instance.
///
/// It supervises them: each is told on its own event loop, and one that has failed is forgotten without the others noticing. It delivers
/// the user's direct conversations, and has the sessions enter the channels that the user is in.
package actor UserActor: FeedOwner {
    private struct Member {
        let session: SessionActor
        let sessionID: SessionID
        let authEpoch: Int64
        /// Whether it enters channels that the user joins from now on as a live session.
        var isLive = false
    }

    package nonisolated let userID: UserID
    let environment: DeliveryEnvironment
    private var members: [ConnectionID: Member] = [:]
    private var audience = Audience()
    /// Where this actor's deliveries begin; nil until its first session is valid.
    package private(set) var start: Stamp?
    /// What was heard of before `start` was known: the first message that came, and the last number.
    private var early: [ConversationID: (first: Int64?, last: Int64)] = [:]
    private var feeds: [ConversationID: Feed] = [:]
    private var channels: [ChannelName: ChannelActor] = [:]
    /// How often it was heard that the user has entered or left a channel: what was read of memberships before the last time may be old.
    private var channelChanges: UInt64 = 0
    /// Runs while it is read which channels the user is in.
    private var preparation: Task<Result<Void, StoreError>, Never>?
    private var knowsChannels = false
    private var isFollowing = false
    private var isRetired = false
    private var throttle = TypingThrottle()
    var typing = TypingBoard()
    var typingClock: Task<Void, Never>?

    package init(userID: UserID, environment: DeliveryEnvironment) {
        self.userID = userID
        self.environment = environment
    }

    package func add(_ session: SessionActor, as principal: Principal) {
        members[session.connectionID] = Member(session: session, sessionID: principal.sessionID, authEpoch: principal.authEpoch)
        audience.add(session, of: userID, isHeld: true)
    }

    package func remove(_ connection: ConnectionID) async {
        members[connection] = nil
        audience.remove(connection)
        for channel in channels.values { await channel.leave(connection) }
    }

    /// Ends what is under way: the user has no connection here any more and gets another actor with the next one.
    package func retire() async {
        isRetired = true
        for feed in feeds.values { feed.fill?.cancel() }
        typingClock?.cancel()
        if isFollowing { environment.bus.unfollow(.user(userID)) }
        isFollowing = false
        let names = Array(channels.keys)
        channels = [:]
        for name in names { await environment.channels.close(name) }
    }

    /// The sessions (log-ins) that have a connection here.
    package var connectedSessions: Set<SessionID> {
        Set(members.values.map(\.sessionID))
    }

    /// Ends the connections that `kick` means; they are ended when this returns.
    ///
    /// - Returns: how many that were.
    package func apply(_ kick: Kick) async -> Int {
        let ended = members.values.compactMap { member in
            kick.reason(forSession: member.sessionID, authEpoch: member.authEpoch).map { (member.session, $0) }
        }
        for (session, _) in ended {
            members[session.connectionID] = nil
            audience.remove(session.connectionID)
        }
        var count = 0
        for (session, reason) in ended where await session.end(reason) { count += 1 }
        return count
    }

    /// Tells every connection.
    package func tell(_ event: Event) {
        audience.write(event)
    }

    /// Ends every connection.
    package func endAll(_ reason: EndReason) async {
        for member in Array(members.values) { await member.session.end(reason) }
    }

    /// Asks every connection to leave, each after a time of its own between zero and `window`.
    package func goAway(within window: Duration) {
        for member in members.values { goAway(member.session, within: window) }
    }

    /// Asks a connection to leave after a time between zero and `window`.
    package func goAway(_ session: SessionActor, within window: Duration) {
        var generator = environment.random
        let delay = Duration.milliseconds(Int64.random(in: 0...max(0, window.milliseconds), using: &generator))
        session.executor.execute { session.assumeIsolated { $0.goAway(after: delay) } }
    }
}

// MARK: - Going live

extension UserActor {
    /// Hears of the user and enters the channels that the user is in, held; to be awaited between `add` and the read of the baseline.
    ///
    /// - Throws: where it can't be read which channels those are, or how far they are.
    package func prepare(_ session: SessionActor) async throws(StoreError) {
        if !knowsChannels {
            let task = preparation ?? Task { await self.readChannels() }
            preparation = task
            try await task.value.get()
        }
        for (name, channel) in channels {
            try await channel.enter(session, of: userID, isHeld: true)
            // The user may have left the channel, or the connection have gone, since the step before.
            if channels[name] !== channel || members[session.connectionID] == nil { await channel.leave(session.connectionID) }
        }
    }

    private func readChannels() async -> Result<Void, StoreError> {
        // A task that has ended keeps its stack for as long as it is held.
        defer { preparation = nil }
        if !isFollowing {
            await environment.bus.follow(.user(userID))
            guard !isRetired else {
                environment.bus.unfollow(.user(userID))
                return .success(())
            }
            isFollowing = true
        }
        do throws(StoreError) {
            var (known, names): (UInt64, [ChannelName])
            repeat {
                known = channelChanges
                names = try await environment.store.channels(of: userID)
            } while channelChanges != known
            for name in names { _ = open(name) }
            knowsChannels = true
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    /// Writes `welcome` to a session, and after it what is delivered from now on.
    ///
    /// - Parameters:
    ///   - stamp: as of which the session is valid; the first one is where this actor's deliveries begin.
    ///   - holds: whether nothing is delivered yet, as the session brings a `SYNC`.
    /// - Returns: the conversations in which the session is behind, each with the number up to which it has everything.
    package func welcome(_ session: SessionActor, _ welcome: Welcome, stamp: Stamp, holds: Bool) async -> [ConversationID: Int64] {
        begin(at: stamp)
        let isDegraded = environment.bus.status == .reconnecting
        session.executor.execute {
            session.assumeIsolated { session in
                session.goLive(welcome, holds: holds)
                if isDegraded { session.answer(.clusterStatus(isDegraded: true)) }
            }
        }
        return holds ? [:] : await release(session.connectionID, missed: [:])
    }

    /// Begins to deliver to a session that was held.
    ///
    /// - Parameter missed: where it stands in conversations that it named, or in which the store found something for it.
    /// - Returns: as `welcome`.
    package func release(_ connection: ConnectionID, missed: [ConversationID: MissedConversation]) async -> [ConversationID: Int64] {
        members[connection]?.isLive = true
        let direct = missed.filter { if case .direct = $0.key { true } else { false } }
        var behind = audience.release(connection, missed: direct) { feeds[$0] } ?? [:]
        for channel in Array(channels.values) {
            let position = await channel.release(connection, missed: missed[channel.conversation])
            behind[channel.conversation] = position
        }
        return behind
    }

    /// Those of a client's cursors that are of conversations the user is in.
    package func accessible(_ cursors: [ConversationID: Int64]) -> [ConversationID: Int64] {
        cursors.filter { owner(of: $0.key) != nil }
    }

    /// The actor that delivers a conversation to this user's sessions; nil where the user isn't in it.
    package func owner(of conversation: ConversationID) -> (any FeedOwner)? {
        switch conversation {
        case .direct(let pair): pair.contains(userID) ? self : nil
        case .channel(let name): channels[name]
        }
    }

    private func begin(at stamp: Stamp) {
        guard start == nil else { return }
        start = stamp
        let heard = early
        early = [:]
        for (conversation, news) in heard {
            // What came is after the registration, whether or not the stamp is: it belongs to the session.
            if let first = news.first { feeds[conversation] = Feed(position: first - 1) }
            expect(news.last, in: conversation)
        }
    }
}

// MARK: - Channels

extension UserActor {
    package func isIn(_ name: ChannelName) -> Bool {
        channels[name] != nil
    }

    package func channel(_ name: ChannelName) -> ChannelActor? {
        channels[name]
    }

    package var channelNames: [ChannelName] { Array(channels.keys) }

    /// The user has joined a channel, here or on another instance: every session enters it, `connection` left out where it is given, and
    /// is brought what was said there since.
    ///
    /// - Parameter joinedSeq: the channel's last number at the joining; nil where the store is to be asked.
    /// - Returns: the channel; nil where the user has no connection here any more.
    /// - Throws: where it can't be read how far the channel is; the sessions then enter with the next call.
    @discardableResult
    package func join(
        _ name: ChannelName,
        except connection: ConnectionID? = nil,
        joinedSeq: Int64? = nil
    ) async throws(StoreError) -> ChannelActor? {
        let isNew = channels[name] == nil
        channelChanges += 1
        guard let channel = open(name) else { return nil }
        do throws(StoreError) {
            var place = joinedSeq
            for (id, member) in members where id != connection {
                let isIn = await channel.contains(id)
                if isIn { continue }
                if place == nil { place = try await environment.store.joinedSeq(of: userID, in: name) }
                try await enter(channel, member, after: place)
                if channels[name] !== channel || members[id] == nil { await channel.leave(id) }
            }
        } catch {
            // As if it had not been heard of.
            if isNew, channels[name] === channel { await leave(name) }
            throw error
        }
        return channel
    }

    private func enter(_ channel: ChannelActor, _ member: Member, after seq: Int64?) async throws(StoreError) {
        let connection = member.session.connectionID
        let isHeld = members[connection].map { !$0.isLive } ?? true
        var behind = try await channel.enter(member.session, of: userID, isHeld: isHeld, after: seq)
        // It may have gone live since the step before.
        if isHeld, members[connection]?.isLive == true { behind = await channel.release(connection, missed: nil) }
        guard let behind else { return }
        let (session, conversation) = (member.session, channel.conversation)
        session.executor.execute { session.assumeIsolated { $0.lack([conversation: behind]) } }
    }

    /// The user has left a channel, here or on another instance.
    package func leave(_ name: ChannelName) async {
        channelChanges += 1
        guard let channel = channels.removeValue(forKey: name) else { return }
        for connection in Array(members.keys) { await channel.leave(connection) }
        await environment.channels.close(name)
    }

    /// The user has joined or left a channel, here or on another instance: every session does what the store says of it now. A hint may
    /// come late, and what was read before a session joined must not take it out again.
    ///
    /// - Parameter connection: left out where it is given.
    /// - Returns: whether it was news here.
    @discardableResult
    package func follow(_ name: ChannelName, except connection: ConnectionID? = nil) async throws(StoreError) -> Bool {
        channelChanges += 1
        while !isRetired {
            let known = channelChanges
            let joinedSeq = try await environment.store.joinedSeq(of: userID, in: name)
            guard channelChanges == known else { continue }
            guard isIn(name) != (joinedSeq != nil) else { return false }
            if let joinedSeq { try await join(name, except: connection, joinedSeq: joinedSeq) } else { await leave(name) }
            return true
        }
        return false
    }

    private func open(_ name: ChannelName) -> ChannelActor? {
        if let channel = channels[name] { return channel }
        // Nobody would close it.
        guard !isRetired else { return nil }
        let channel = environment.channels.open(name, environment: environment)
        channels[name] = channel
        return channel
    }
}

// MARK: - Direct conversations

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
