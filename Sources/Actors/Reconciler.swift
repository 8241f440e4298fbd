package import Logging

/// Brings what lost hints should have brought: every second it asks the store what changed, and has it delivered.
///
/// It is the backstop of everything that instances tell each other, and asks always, as a bus that is silently dead looks like one on
/// which nothing happens. What it costs follows what changes in the cluster, not how many users are here.
package actor Reconciler {
    /// Time between two rounds.
    package static let interval = Duration.seconds(1)
    /// How long a hint may still be on its way when the store shows what it is about.
    private static let grace = Duration.milliseconds(100)
    private static let pageSize = 1_000

    private struct Positions {
        var users: ChangePosition
        var sessions: ChangePosition
        var memberships: ChangePosition
        var conversations: ChangePosition

        init(_ watermark: Stamp) {
            let position = ChangePosition(stamp: watermark)
            (users, sessions, memberships, conversations) = (position, position, position, position)
        }
    }

    private struct Reader: Hashable {
        let conversationID: ConversationID
        let userID: UserID
    }

    private let store: any Store
    private let registry: Registry
    private let channels: ChannelDirectory
    private let delivery: Delivery
    private let moderation: Moderation
    private let bus: any Bus
    private let freshness: FreshnessGate
    private let time: any TimeSource
    private let metrics: ChatMetrics
    private let logger: Logger
    /// Nil until the store has said where to begin.
    private var positions: Positions?
    private var toldUpdates = ToldChanges<MessageID>()
    private var toldReads = ToldChanges<Reader>()
    /// When the last complete read of kicks began.
    private var kicksRead = Duration.zero
    private var round: Task<Int, Never>?

    package init(
        store: any Store,
        registry: Registry,
        delivery: Delivery,
        moderation: Moderation,
        bus: any Bus,
        freshness: FreshnessGate,
        time: any TimeSource,
        metrics: ChatMetrics = .shared,
        logger: Logger = Logger(label: "Reconciler")
    ) {
        self.store = store
        self.registry = registry
        channels = registry.channels
        self.delivery = delivery
        self.moderation = moderation
        self.bus = bus
        self.freshness = freshness
        self.time = time
        self.metrics = metrics
        self.logger = logger
    }

    /// Runs until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            _ = await reconcile()
            await closeIfCutOff()
            guard (try? await time.sleep(for: Self.interval)) != nil else { return }
        }
    }

    /// One round, at once; where one is under way, another after it, that all who ask meanwhile share.
    ///
    /// - Returns: what was found missing or wrong here and is being mended.
    package func reconcile() async -> Int {
        // It may have begun before what the caller knows of.
        if let round { _ = await round.value }
        if let round { return await round.value }
        let next = Task {
            let found = await self.goRound()
            self.round = nil
            return found
        }
        round = next
        return await next.value
    }

    /// Learns from the store where to begin; to be awaited before anybody connects.
    package func begin() async {
        while !Task.isCancelled, positions == nil {
            _ = await reconcile()
            if positions == nil { try? await time.sleep(for: Self.interval) }
        }
    }

    private func goRound() async -> Int {
        let began = time.uptime()
        do throws(StoreError) {
            // Before what is read after it: what changes meanwhile comes again with the next round.
            let watermark = try await store.watermark()
            guard let last = positions else {
                positions = Positions(watermark)
                freshness.note(readBegan: began)
                return 0
            }
            let kicks = try await closeKicked(last)
            toldUpdates.beginRound()
            toldReads.beginRound()
            let memberships = try await followMemberships(last)
            let gaps = try await catchUp(last)
            toldUpdates.endRound()
            toldReads.endRound()
            positions = Positions(watermark)
            metrics.reconciler.noteGaps(gaps)
            metrics.reconciler.noteRound(took: time.uptime() - began)
            let found = kicks + memberships + gaps
            if found > 0 { logger.info("reconciled", metadata: ["count": .stringConvertible(found)]) }
            return found
        } catch {
            metrics.reconciler.noteFailedRound()
            logger.debug("round_failed", metadata: ["error": "\(error)"])
            return 0
        }
    }

    /// Ends the sessions that the store now says are invalid.
    private func closeKicked(_ last: Positions) async throws(StoreError) -> Int {
        let began = time.uptime()
        var kicks: [Kick] = []
        var next: ChangePosition? = last.users
        while let position = next {
            let page = try await store.kickedUsers(after: position, limit: Self.pageSize)
            kicks += page.changes.map {
                $0.isSuspended ? .ban($0.userID, authEpoch: $0.authEpoch) : .revokeAll($0.userID, authEpoch: $0.authEpoch)
            }
            next = page.next
        }
        next = last.sessions
        while let position = next {
            let page = try await store.kickedSessions(after: position, limit: Self.pageSize)
            kicks += page.changes.map { .revokeOne($0.userID, $0.sessionID) }
            next = page.next
        }
        // It was ordered after the last complete read began, or that had shown it.
        let earliest = time.now().advanced(by: .zero - freshness.age)
        var count = 0
        for kick in kicks {
            let closed = await moderation.apply(kick, by: .reconciler, orderedAt: earliest)
            guard closed > 0 else { continue }
            count += closed
            logger.info("kick_recovered", metadata: ["targetUserId": "\(kick.userID)", "closed": .stringConvertible(closed)])
        }
        freshness.note(readBegan: began)
        kicksRead = began
        return count
    }

    /// Something was read, or is about to be. A round that has much of that is not to keep bans waiting.
    private func closeKickedMeanwhile(_ last: Positions) async throws(StoreError) {
        if time.uptime() - kicksRead >= Self.interval { _ = try await closeKicked(last) }
    }

    /// Has users enter and leave channels, and tells who has read.
    private func followMemberships(_ last: Positions) async throws(StoreError) -> Int {
        var count = 0
        var next: ChangePosition? = last.memberships
        while let position = next {
            let page = try await store.changedMemberships(after: position, limit: Self.pageSize)
            for change in page.changes {
                // To follow one asks the store too.
                try await closeKickedMeanwhile(last)
                let isNews = try await follow(change)
                count += isNews ? 1 : 0
            }
            next = page.next
        }
        return count
    }

    /// - Returns: whether it was news here.
    private func follow(_ change: MembershipChange) async throws(StoreError) -> Bool {
        var isNews = false
        if case .channel(let name) = change.conversationID, let user = await registry.user(change.userID) {
            let isIn = await user.isIn(name)
            isNews = isIn == change.isMember ? false : try await user.follow(name)
        }
        let reader = Reader(conversationID: change.conversationID, userID: change.userID)
        if change.isMember, change.readSeq > 0, toldReads.isNews(reader, change.readSeq) {
            try await tell(.read(ReadCursor(conversationID: change.conversationID, userID: change.userID, seq: change.readSeq)))
            toldReads.note(reader, change.readSeq)
        }
        return isNews
    }

    /// Has delivered what the cursors here don't know of.
    private func catchUp(_ last: Positions) async throws(StoreError) -> Int {
        var changed: [ConversationChange] = []
        var next: ChangePosition? = last.conversations
        while let position = next {
            let page = try await store.changedConversations(after: position, limit: Self.pageSize)
            try await closeKickedMeanwhile(last)
            changed += await registry.concerned(by: page.changes)
            next = page.next
        }
        guard !changed.isEmpty else { return 0 }
        if bus.status == .connected { try? await time.sleep(for: Self.grace) }
        var count = 0
        for change in changed where await expect(change) { count += 1 }
        var rest = changed.map(\.conversationID)[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(Self.pageSize))
            rest = rest.dropFirst(part.count)
            next = last.conversations
            while let position = next {
                let page = try await store.updatedMessages(in: part, after: position, limit: Self.pageSize)
                try await closeKickedMeanwhile(last)
                for message in page.changes where toldUpdates.isNews(message.messageID, message.rev) {
                    try await tell(.updated(message))
                    toldUpdates.note(message.messageID, message.rev)
                }
                next = page.next
            }
        }
        return count
    }

    /// - Throws: where the round took so long that nothing may be told any more; the next one tells it.
    private func tell(_ event: ChatEvent) async throws(StoreError) {
        let isTold = try await delivery.tellHere(event)
        guard isTold else { throw StoreError(.timeout, "the round took too long") }
    }

    /// - Returns: whether something is missing here.
    private func expect(_ change: ConversationChange) async -> Bool {
        switch change.conversationID {
        case .direct(let pair):
            var isMissing = false
            for user in registry.users([pair.first, pair.second]) {
                let isNews = await user.expect(change.lastSeq, in: change.conversationID)
                isMissing = isMissing || isNews
            }
            return isMissing
        case .channel(let name):
            return await channels.channel(name)?.expect(change.lastSeq) ?? false
        }
    }

    /// An instance that can neither deliver nor enforce a ban has no business to keep its sessions.
    private func closeIfCutOff() async {
        guard freshness.isCutOff(bus: bus.status) else { return }
        for user in await registry.everybody { await user.endAll(.serviceRestart) }
    }
}
