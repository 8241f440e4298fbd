/// One user's connections on this instance.
///
/// It supervises them: each is told on its own event loop, and one that has failed is forgotten without the others noticing. It delivers
/// the user's direct conversations, and has the sessions enter the channels that the user is in.
package actor UserActor: FeedOwner {
    struct Member {
        let session: SessionActor
        let sessionID: SessionID
        let authEpoch: Int64
        /// Whether it enters channels that the user joins from now on as a live session.
        var isLive = false
    }

    package nonisolated let userID: UserID
    let environment: DeliveryEnvironment
    var members: [ConnectionID: Member] = [:]
    var audience = Audience()
    /// Where this actor's deliveries begin; nil until its first session is valid.
    package private(set) var start: Stamp?
    /// What was heard of before `start` was known: the first message that came, and the last number.
    var early: [ConversationID: (first: Int64?, last: Int64)] = [:]
    var feeds: [ConversationID: Feed] = [:]
    var channels: [ChannelName: ChannelActor] = [:]
    /// How often it was heard that the user has entered or left a channel: what was read of memberships before the last time may be old.
    var channelChanges: UInt64 = 0
    /// Runs while it is read which channels the user is in.
    var preparation: Task<Result<Void, StoreError>, Never>?
    var knowsChannels = false
    var isFollowing = false
    var isRetired = false
    var throttle = TypingThrottle()
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

extension UserActor {
    /// Writes `welcome` to a session, and after it what is delivered from now on.
    ///
    /// - Parameters:
    ///   - stamp: as of which the session is valid; the first one is where this actor's deliveries begin.
    ///   - holds: whether nothing is delivered yet, as the session brings a `SYNC`.
    /// - Returns: the conversations in which the session is behind, each with the number up to which it has everything.
    package func welcome(_ session: SessionActor, _ welcome: Welcome, stamp: Stamp, holds: Bool) async -> [ConversationID: Int64] {
        begin(at: stamp)
        let isDegraded = environment.bus.status.isDegraded
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
            // The feed stays: changes may have come as well.
            if let first = news.first { feeds[conversation, default: Feed()].cursor = Cursor(position: first - 1) }
            expect(news.last, in: conversation)
        }
    }
}
