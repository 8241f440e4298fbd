import DequeModule
package import Logging

/// What the user actors of an instance share.
package struct UserEnvironment: Sendable {
    package let store: any MessageStore
    package let time: any TimeSource
    package let logger: Logger

    package init(store: any MessageStore, time: any TimeSource, logger: Logger = Logger(label: "Reconciler")) {
        self.store = store
        self.time = time
        self.logger = logger
    }
}

/// One user's connections on this instance.
///
/// It supervises them: each is told on its own event loop, and one that has failed is forgotten without the others noticing. A cursor for
/// each conversation sees to it that every message reaches them once and in order, whatever order hints come in; what is
/// missing is read from the store.
package actor UserActor {
    private struct Member {
        let session: SessionActor
        let sessionID: SessionID
        let authEpoch: Int64
    }

    private struct Arrival {
        let message: Message
        /// The connection that sent it.
        let origin: ConnectionID?
    }

    private static let earlyLimit = 1_000
    private static let pageSize = 200

    package nonisolated let userID: UserID
    private let environment: UserEnvironment
    private var members: [ConnectionID: Member] = [:]
    /// Where this actor's deliveries begin; nil until its first session is valid.
    private var start: Stamp?
    /// What came before `start` was known; past the limit the oldest go, as whatever follows them in a conversation brings them back.
    private var early: Deque<Arrival> = []
    private var cursors: [ConversationID: Cursor<Arrival>] = [:]
    private var fills: [ConversationID: Task<Void, Never>] = [:]

    package init(userID: UserID, environment: UserEnvironment) {
        self.userID = userID
        self.environment = environment
    }

    package func add(_ session: SessionActor, as principal: Principal) {
        members[session.connectionID] = Member(session: session, sessionID: principal.sessionID, authEpoch: principal.authEpoch)
    }

    package func remove(_ connection: ConnectionID) {
        members[connection] = nil
    }

    /// Ends what is under way: the user has no connection here any more and gets another actor with the next one.
    package func retire() {
        for fill in fills.values { fill.cancel() }
    }

    /// Begins to deliver: a session is valid as of `stamp`. Only the first call counts.
    package func start(at stamp: Stamp) {
        guard start == nil else { return }
        start = stamp
        let arrivals = early
        early = []
        for arrival in arrivals { deliver(arrival) }
    }

    /// The sessions (log-ins) that have a connection here.
    package var connectedSessions: Set<SessionID> {
        Set(members.values.map(\.sessionID))
    }

    /// A stored message has come: from this instance's writer, or as a hint. It is written when it has its turn, and once.
    ///
    /// - Parameter origin: the connection that sent it.
    package func deliver(_ message: Message, origin: ConnectionID?) {
        let arrival = Arrival(message: message, origin: origin)
        guard start == nil else {
            deliver(arrival)
            return
        }
        early.append(arrival)
        if early.count > Self.earlyLimit { early.removeFirst() }
    }

    private func deliver(_ arrival: Arrival) {
        let conversation = arrival.message.conversationID
        // The first message of a conversation has nothing before it.
        var cursor = cursors[conversation] ?? Cursor(position: arrival.message.seq == 1 ? 0 : nil)
        let action = cursor.receive(arrival, seq: arrival.message.seq)
        cursors[conversation] = cursor
        switch action {
        case .deliver: write([arrival])
        case .drop, .wait: break
        case .fill: fills[conversation] = Task { await self.fill(conversation) }
        }
    }

    /// Reads what is missing until nothing is. While the store doesn't answer, or doesn't show yet what is known to exist, it asks again,
    /// less and less often.
    private func fill(_ conversation: ConversationID) async {
        var generator = SystemRandomNumberGenerator()
        var backoff = Backoff()
        var count = 0
        while !Task.isCancelled, let question = cursors[conversation]?.nextQuestion() {
            do {
                let read = try await ask(question, of: conversation)
                let filled = apply(read, to: conversation)
                count += filled
                if filled > 0 || question == .position {
                    backoff.reset()
                    continue
                }
            } catch {
                environment.logger.debug("fill_failed", metadata: ["conversationId": "\(conversation)", "error": "\(error)"])
            }
            try? await environment.time.sleep(for: backoff.next(using: &generator))
        }
        fills[conversation] = nil
        guard count > 0 else { return }
        environment.logger.info("gap_filled", metadata: ["conversationId": "\(conversation)", "count": .stringConvertible(count)])
    }

    private enum StoreAnswer {
        case position(Int64)
        case messages([Message])
    }

    private func ask(_ question: Cursor<Arrival>.Question, of conversation: ConversationID) async throws(StoreError) -> StoreAnswer {
        switch question {
        case .position:
            .position(try await environment.store.lastSeq(in: conversation, at: start ?? Stamp(0)))
        case .messages(let after):
            .messages(try await environment.store.messages(in: conversation, before: nil, after: after, limit: Self.pageSize).messages)
        }
    }

    /// Moves the cursor and writes what has its turn, in one step.
    ///
    /// - Returns: how many messages the store's answer brought on.
    private func apply(_ answer: StoreAnswer, to conversation: ConversationID) -> Int {
        switch answer {
        case .position(let position):
            write(cursors[conversation]?.locate(at: position) ?? [])
            return 0
        case .messages(let messages):
            let elements = messages.map { (seq: $0.seq, element: Arrival(message: $0, origin: nil)) }
            let inTurn = cursors[conversation]?.fill(elements) ?? []
            write(inTurn)
            return inTurn.count
        }
    }

    /// Writes messages to every connection, each encoded once.
    private func write(_ arrivals: [Arrival]) {
        for arrival in arrivals {
            let event = SharedEvent(
                .messageReceived(arrival.message, showsClientMessageID: arrival.message.senderID == userID, isReplayed: false)
            )
            forEachExecutor { session in session.deliver(event, origin: arrival.origin) }
        }
    }

    /// Ends the connections that `kick` means; they are ended when this returns.
    ///
    /// - Returns: how many that were.
    package func apply(_ kick: Kick) async -> Int {
        let ended = members.values.compactMap { member in
            kick.reason(forSession: member.sessionID, authEpoch: member.authEpoch).map { (member.session, $0) }
        }
        for (session, _) in ended { members[session.connectionID] = nil }
        var count = 0
        for (session, reason) in ended where await session.end(reason) { count += 1 }
        return count
    }

    /// Asks every connection to leave, each after a time of its own between zero and `window`.
    package func goAway(within window: Duration) {
        for member in members.values {
            let delay = Duration.milliseconds(Int64.random(in: 0...window.milliseconds))
            let session = member.session
            session.executor.execute { session.assumeIsolated { $0.goAway(after: delay) } }
        }
    }

    /// Runs `body` on each session, with one hop for those that share an executor.
    private func forEachExecutor(_ body: @escaping @Sendable (isolated SessionActor) -> Void) {
        if members.count == 1, let session = members.values.first?.session {
            session.executor.execute { session.assumeIsolated(body) }
            return
        }
        let groups = Dictionary(grouping: members.values.lazy.map(\.session)) { ObjectIdentifier($0.executor) }
        for sessions in groups.values {
            sessions[0].executor.execute {
                for session in sessions { session.assumeIsolated(body) }
            }
        }
    }
}
