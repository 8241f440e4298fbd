/// The sessions that one actor delivers to, with one hop for those that share an executor.
struct Audience {
    private struct Member: Sendable {
        let session: SessionActor
        let userID: UserID
    }

    private var members: [ConnectionID: Member] = [:]
    /// The same, by executor.
    private var groups: [ObjectIdentifier: [Member]] = [:]
    /// Of those that are not simply live.
    private var standings: [ConnectionID: Standing] = [:]

    var connections: [ConnectionID] { Array(members.keys) }

    func contains(_ connection: ConnectionID) -> Bool {
        members[connection] != nil
    }

    /// - Parameter isHeld: whether nothing is written to it before `release`.
    mutating func add(_ session: SessionActor, of user: UserID, isHeld: Bool) {
        guard members[session.connectionID] == nil else { return }
        let member = Member(session: session, userID: user)
        members[session.connectionID] = member
        groups[ObjectIdentifier(session.executor), default: []].append(member)
        if isHeld { standings[session.connectionID] = Standing(isHeld: true) }
    }

    mutating func remove(_ connection: ConnectionID) {
        guard let member = members.removeValue(forKey: connection) else { return }
        standings[connection] = nil
        let executor = ObjectIdentifier(member.session.executor)
        guard var group = groups.removeValue(forKey: executor), let index = group.firstIndex(where: { $0.session === member.session })
        else { return }
        group.swapAt(index, group.count - 1)
        group.removeLast()
        if !group.isEmpty { groups[executor] = group }
    }

    /// Changes where a session stands; nil for one that has gone.
    mutating func update<Result>(_ connection: ConnectionID, _ body: (inout Standing) -> Result) -> Result? {
        guard members[connection] != nil else { return nil }
        var standing = standings[connection] ?? Standing(isHeld: false)
        let result = body(&standing)
        standings[connection] = standing.isPlain ? nil : standing
        return result
    }

    /// Writes messages that have their turn, each encoded once, to every session that is live in their conversation.
    mutating func write(_ messages: [Message], in conversation: ConversationID) {
        guard !messages.isEmpty, !members.isEmpty else { return }
        let events = messages.map { MessageEvents(received: $0) }
        var admitted: [ConnectionID: [MessageEvents]] = [:]
        for connection in Array(standings.keys) {
            admitted[connection] = update(connection) { standing in
                events.filter { standing.admits($0.seq, in: conversation) }
            }
        }
        let exceptions = admitted
        hop { member in
            let events = exceptions.isEmpty ? events : exceptions[member.session.connectionID] ?? events
            member.session.assumeIsolated { session in
                for event in events { session.deliver(event.event(for: member.userID)) }
            }
        }
    }

    /// Writes to one session what it lacks; see `FeedOwner.advance`.
    mutating func advance(
        _ connection: ConnectionID,
        feed: Feed,
        with messages: [Message],
        in conversation: ConversationID,
        lastSeq: Int64
    ) -> Int64? {
        guard let member = members[connection], let last = messages.last?.seq else { return nil }
        // What was read may have changed since, and the change was not told to who hadn't had the message.
        let events = messages.map { MessageEvents(received: feed.updates.latest($0)) }
        member.session.executor.execute {
            for event in events { member.session.assumeIsolated { $0.bring(event.event(for: member.userID)) } }
        }
        let isLive = update(connection) { standing in
            standing.advance(to: last, in: conversation, delivered: feed.cursor.position, lastSeq: lastSeq)
        }
        return isLive ?? true ? nil : last
    }

    /// Has one session go live whatever it lacks; see `FeedOwner.skip`.
    mutating func skip(_ connection: ConnectionID, feed: Feed, in conversation: ConversationID, lastSeq: Int64) -> Int64 {
        let seq = max(feed.cursor.position ?? 0, lastSeq)
        _ = update(connection) { $0.skip(to: seq, in: conversation) }
        return seq
    }

    /// Begins to write to a session that was held, what was changed meanwhile first.
    ///
    /// - Parameters:
    ///   - missed: as in `Standing.release`.
    ///   - feed: that of a conversation; nil where there is none.
    /// - Returns: as in `Standing.release`; nil for one that has gone.
    mutating func release(
        _ connection: ConnectionID,
        missed: [ConversationID: MissedConversation],
        feed: (ConversationID) -> Feed?
    ) -> [ConversationID: Int64]? {
        guard let member = members[connection] else { return nil }
        var changed: [Message] = []
        let behind = update(connection) { standing in
            let behind = standing.release(missed) { feed($0)?.cursor.position }
            for (conversation, ids) in standing.takeWithheldChanges() {
                // What the session lacks is read as it is then.
                changed += ids.compactMap { feed(conversation)?.updates.latest($0) }.filter { standing.hasHad($0.seq, in: conversation) }
            }
            return behind
        }
        for message in changed {
            let event = MessageEvents(updated: message).event(for: member.userID)
            member.session.executor.execute { member.session.assumeIsolated { $0.deliver(event) } }
        }
        return behind
    }

    /// Deliveries of a conversation begin above `position`: those who have less are to read what is between.
    mutating func begin(_ conversation: ConversationID, at position: Int64) {
        for connection in Array(standings.keys) {
            let behind = update(connection) { $0.begin(conversation, at: position) } ?? nil
            guard let behind, let session = members[connection]?.session else { continue }
            session.executor.execute { session.assumeIsolated { $0.lack([conversation: behind]) } }
        }
    }

    /// Tells of a changed message those who have had it.
    mutating func write(update message: Message) {
        guard !members.isEmpty else { return }
        let events = MessageEvents(updated: message)
        let excluded = Set(standings.filter { !$0.value.hasHad(message.seq, in: message.conversationID) }.keys)
        for connection in excluded { standings[connection]?.withholdChange(of: message) }
        hop { member in
            guard excluded.isEmpty || !excluded.contains(member.session.connectionID) else { return }
            member.session.assumeIsolated { $0.deliver(events.event(for: member.userID)) }
        }
    }

    /// Tells everybody, those of `user` left out where it is given.
    func write(_ event: Event, exceptTo user: UserID? = nil) {
        guard !members.isEmpty else { return }
        let event = SharedEvent(event)
        hop { member in
            guard member.userID != user else { return }
            member.session.assumeIsolated { $0.deliver(event) }
        }
    }

    /// Tells of a changed message that has yet to have its turn those who had it before.
    mutating func write(updateAhead message: Message) {
        let events = MessageEvents(updated: message)
        for connection in Array(standings.keys) {
            let isAhead = update(connection) { standing in
                standing.withholdChange(of: message)
                return standing.isAhead(of: message.seq, in: message.conversationID)
            }
            guard isAhead == true, let member = members[connection] else { continue }
            let event = events.event(for: member.userID)
            member.session.executor.execute { member.session.assumeIsolated { $0.deliver(event) } }
        }
    }

    private func hop(_ body: @escaping @Sendable (Member) -> Void) {
        for group in groups.values {
            group[0].session.executor.execute {
                for member in group { body(member) }
            }
        }
    }
}
