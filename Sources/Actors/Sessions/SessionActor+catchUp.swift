extension SessionActor {
    /// The most cursors that a `SYNC` may bring in all its parts.
    static let cursorLimit = 20_000
    private static let pageOfConversation = 200
    private static let page = 500
    /// How much content is written before it is asked whether the client reads it.
    private static let pieceBytes = 65_536

    /// Keeps a part of a `SYNC` until its last one.
    ///
    /// - Returns: all parts as one with the last of them; nil where more are to come, and where the part is refused.
    func collect(_ part: SyncCommand, ref: String?) -> SyncCommand? {
        guard !syncParts.isRefused else {
            let error = RequestError(.badRequest, "A part of this SYNC was refused: begin it again after its last part.")
            turnDown(ref, syncHasMore: part.hasMore, error)
            return nil
        }
        guard commands.cursors + syncParts.count + part.cursors.count <= Self.cursorLimit else {
            let text = "A SYNC may bring up to \(Self.cursorLimit) cursors, together with those that wait for their answer."
            refuse(RequestError(.badRequest, text), ref: ref, syncHasMore: part.hasMore)
            return nil
        }
        guard part.hasMore else { return syncParts.finish(with: part) }
        syncParts.add(part)
        state.expectSync(until: nextSyncDeadline)
        return nil
    }

    /// A part of a `SYNC` was refused, and with it all of that.
    func refusedSync(hasMore: Bool) {
        syncParts.refuse(hasMore: hasMore)
        state.expectSync(until: nextSyncDeadline)
    }

    /// The client has as long as at first for its next `SYNC`, or the next part of it.
    var nextSyncDeadline: Duration {
        environment.time.uptime() + environment.limits.syncTimeout
    }

    /// Begins to bring what the client missed.
    ///
    /// - Parameter command: all parts as one.
    /// - Returns: the answer, where nothing was missed.
    func sync(_ command: SyncCommand, ref: String?, by userID: UserID) async throws(RequestError) -> Event? {
        guard !catchUp.isSyncing else { throw RequestError(.conflict, "A SYNC is under way; wait for its SYNCED.") }
        guard let user else { return nil }
        let wasHeld = state.awaitsSync
        if !wasHeld {
            await becomeLiveEverywhere()
            guard !state.isClosed else { return nil }
        }
        // Channels that are entered here are brought also where the rest fails.
        defer { bringWhatIsLacking() }
        let cursors = await user.accessible(command.cursors)
        let (found, watermark) = try await missed(by: userID, cursors: cursors, since: command.stamp)
        let missed = try await followed(found, isHeld: wasHeld, by: user)
        do throws(StoreError) {
            var places = Dictionary(missed.map { ($0.conversationID, $0) }, uniquingKeysWith: { first, _ in first })
            let updates = try await updates(since: command.stamp, for: userID)
            guard !state.isClosed else { return nil }
            guard !environment.registry.freshness.isStale else { throw StoreError(.unavailable, "what was banned is not known") }
            if wasHeld {
                for (conversation, seq) in cursors where places[conversation] == nil {
                    places[conversation] = MissedConversation(conversationID: conversation, after: seq, lastSeq: seq)
                }
                state.syncAnswered()
                let behind = await user.release(connectionID, missed: places)
                for (conversation, after) in behind {
                    let lack = CatchUp.Lack(after: after, lastSeq: places[conversation]?.lastSeq ?? 0, isReplay: false)
                    catchUp.add(lack, in: conversation)
                }
            } else {
                for place in missed {
                    catchUp.add(CatchUp.Lack(after: place.after, lastSeq: place.lastSeq, isReplay: true), in: place.conversationID)
                }
            }
            let missedUpdates = updates.map { MissedUpdates($0, below: places.mapValues(\.after)) }
            if let end = catchUp.begin(ref: ref, stamp: watermark, updates: missedUpdates) { return end }
            writeUpdates()
            return catchUp.endIfDone()
        } catch {
            throw RequestError(error)
        }
    }

    /// Enters channels that the user has joined on another instance, of which this one is to hear yet.
    ///
    /// - Returns: what the `SYNC` is to bring; a session that is live has been told what it lacks of such a channel by entering it.
    private func followed(
        _ missed: [MissedConversation],
        isHeld: Bool,
        by user: UserActor
    ) async throws(RequestError) -> [MissedConversation] {
        var followed: [MissedConversation] = []
        for place in missed {
            let isKnown = await user.owner(of: place.conversationID) != nil
            if !isKnown, case .channel(let name) = place.conversationID {
                let channel: ChannelActor?
                do {
                    try await user.follow(name, except: connectionID)
                    channel = await user.channel(name)
                    try await channel?.enter(self, of: user.userID, isHeld: true, after: place.after)
                } catch {
                    throw RequestError(error)
                }
                var behind: Int64?
                // As far as the store says, which may be further than this instance has delivered.
                if !isHeld { behind = await channel?.release(connectionID, missed: place) }
                // The user may have left meanwhile by another session.
                let isStillIn = await user.channel(name) === channel
                guard isStillIn, !state.isClosed else {
                    await channel?.leave(connectionID)
                    if state.isClosed { return [] }
                    continue
                }
                if let behind {
                    catchUp.add(CatchUp.Lack(after: behind, lastSeq: place.lastSeq, isReplay: false), in: place.conversationID)
                }
            }
            if isKnown || isHeld { followed.append(place) }
        }
        return followed
    }

    /// Returns when the session lacks nothing of its own beginning: what it is brought again comes after that.
    func becomeLiveEverywhere() async {
        await joining?.value
        while let task = catchUpTask { await task.value }
    }

    /// The session lacks what lies between these numbers and the deliveries.
    func lack(_ behind: [ConversationID: Int64]) {
        for (conversation, after) in behind {
            catchUp.add(CatchUp.Lack(after: after, lastSeq: 0, isReplay: false), in: conversation)
        }
        bringWhatIsLacking()
    }

    func bringWhatIsLacking() {
        guard catchUpTask == nil, !catchUp.isEmpty, !state.isClosed else { return }
        catchUpTask = Task {
            await self.readOn()
            self.catchUpTask = nil
        }
    }

    /// Where the client has something to catch up with.
    ///
    /// - Throws: also where it names a message that isn't there: the session would wait in vain for the ones up to it.
    private func missed(
        by user: UserID,
        cursors: [ConversationID: Int64],
        since stamp: Stamp?
    ) async throws(RequestError) -> (conversations: [MissedConversation], watermark: Stamp) {
        // One below, so that the store also finds the conversations that end with the message itself.
        let asked = cursors.mapValues { max(0, $0 - 1) }
        let (found, watermark): ([MissedConversation], Stamp)
        do {
            (found, watermark) = try await environment.store.missed(by: user, cursors: asked, since: stamp)
        } catch {
            throw RequestError(error)
        }
        let known = Set(found.map(\.conversationID))
        if let absent = cursors.first(where: { $0.value > 0 && !known.contains($0.key) }) {
            throw RequestError(.badRequest, "cursors: \(absent.key) has no message \(absent.value).")
        }
        let missed = found.compactMap { place -> MissedConversation? in
            let after = cursors[place.conversationID] ?? place.after
            guard after < place.lastSeq else { return nil }
            return MissedConversation(conversationID: place.conversationID, after: after, lastSeq: place.lastSeq)
        }
        return (missed, watermark)
    }

    /// The first page of what changed in the user's conversations while the client was away, other than new messages.
    private func updates(since stamp: Stamp?, for user: UserID) async throws(StoreError) -> UpdatesPage? {
        guard let stamp else { return nil }
        return try await environment.store.updates(for: user, after: UpdatesPosition(after: stamp), limit: Self.page)
    }

    /// Reads page after page until nothing is lacking, what was changed first; slowly where the client doesn't read, or the store doesn't answer.
    private func readOn() async {
        var generator = environment.random
        var backoff = Backoff(limit: Reconciler.interval)
        while !catchUp.isEmpty, !state.isClosed {
            guard await mayWrite() else { return }
            if catchUp.hasUpdates {
                let isBrought = await bringUpdates()
                if let end = catchUp.endIfDone() { send(end) }
                if isBrought { backoff.reset() } else { try? await environment.time.sleep(for: backoff.next(using: &generator)) }
                continue
            }
            let limit = catchUp.page(Self.page)
            let page = try? await environment.store.messages(after: catchUp.places, each: Self.pageOfConversation, limit: limit)
            guard !Task.isCancelled else { return }
            guard let page, !page.isEmpty else {
                try? await environment.time.sleep(for: backoff.next(using: &generator))
                continue
            }
            backoff.reset()
            for messages in Dictionary(grouping: page, by: \.conversationID).values {
                for piece in messages.pieces(ofBytes: Self.pieceBytes) {
                    guard await mayWrite() else { return }
                    await write(piece)
                }
            }
            for conversation in catchUp.takeExcess() { await skip(conversation) }
            if let end = catchUp.endIfDone() { send(end) }
        }
    }

    /// Waits until the client has read most of what was written, and it is known who is banned.
    ///
    /// - Returns: false where the session has ended.
    private func mayWrite() async -> Bool {
        while outbound.isPressed || environment.registry.freshness.isStale, !Task.isCancelled {
            try? await environment.time.sleep(for: .milliseconds(20))
        }
        return !Task.isCancelled && !state.isClosed
    }

    /// Writes what was changed, and reads on where that is used up.
    ///
    /// - Returns: false where the store doesn't answer.
    private func bringUpdates() async -> Bool {
        writeUpdates()
        guard let position = catchUp.nextUpdates, let userID = principal?.userID else { return true }
        guard let page = try? await environment.store.updates(for: userID, after: position, limit: Self.page) else { return false }
        catchUp.add(page)
        return true
    }

    /// Writes what was changed, as much of it as the client takes for now.
    private func writeUpdates() {
        while !outbound.isPressed, let update = catchUp.nextUpdate() {
            switch update {
            case .message(let message): send(.messageUpdated(message, showsClientMessageID: message.senderID == principal?.userID))
            case .read(let cursor): send(.readReceipt(cursor))
            }
        }
    }

    /// Writes part of one conversation.
    private func write(_ messages: [Message]) async {
        guard let last = messages.last, let lack = catchUp.lack(in: last.conversationID) else { return }
        let conversation = last.conversationID
        // The user may have left meanwhile.
        guard let owner = await user?.owner(of: conversation) else { return catchUp.drop(conversation) }
        let step: CatchUp.Step
        if lack.isReplay {
            // A change was told at once, also of what was being read.
            let current = await owner.latest(messages, in: conversation)
            let wanted = current.prefix { $0.seq <= lack.lastSeq }
            for message in wanted {
                send(.messageReceived(message, showsClientMessageID: message.senderID == principal?.userID, isReplayed: true))
            }
            let isDone = last.seq >= lack.lastSeq
            step = catchUp.wrote(wanted.count, upTo: min(last.seq, lack.lastSeq), in: conversation, isDone: isDone)
        } else {
            let behind = await owner.advance(connectionID, in: conversation, with: messages, lastSeq: lack.lastSeq)
            step = catchUp.wrote(messages.count, upTo: last.seq, in: conversation, isDone: behind == nil)
        }
        if step == .skip { await skip(conversation) }
    }

    private func skip(_ conversation: ConversationID) async {
        if let lack = catchUp.lack(in: conversation), !lack.isReplay, let owner = await user?.owner(of: conversation) {
            _ = await owner.skip(connectionID, in: conversation, lastSeq: lack.lastSeq)
        }
        catchUp.drop(conversation)
    }
}

extension [Message] {
    /// The same in their order, in pieces of so many bytes of content, or of one message that has more.
    fileprivate func pieces(ofBytes limit: Int) -> [[Message]] {
        var pieces: [[Message]] = []
        var bytes = 0
        for message in self {
            let size = message.content.utf8.count
            if pieces.isEmpty || bytes + size > limit {
                pieces.append([])
                bytes = 0
            }
            pieces[pieces.count - 1].append(message)
            bytes += size
        }
        return pieces
    }
}
