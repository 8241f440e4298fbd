package import Logging

/// The answer to a message that was sent.
package struct SendReceipt: Hashable, Sendable {
    package let message: Message
    /// Whether it had been stored before, by an earlier try.
    package let isDuplicate: Bool
}

/// Checks, stores and delivers what users send, whatever way it came in.
package final class Messaging: Sendable {
    private let store: any Store
    private let writer: ConversationWriter
    private let access: ConversationAccess
    private let ids: any IDGenerator
    private let activity: ActivityMeter
    private let time: any TimeSource
    private let metrics: ChatMetrics
    private let tracing: any MessageTracing
    private let logger: Logger
    /// Accounts that were seen to exist. They are never deleted, so what is known stays true.
    private let knownUsers = Locked<Set<UserID>>([])
    private let knownUsersLimit = 131_072

    package init(
        store: any Store,
        delivery: Delivery,
        access: ConversationAccess,
        ids: any IDGenerator,
        activity: ActivityMeter = ActivityMeter(),
        time: any TimeSource,
        metrics: ChatMetrics = .shared,
        tracing: any MessageTracing = NoTracing(),
        logger: Logger = Logger(label: "Session")
    ) {
        self.store = store
        self.access = access
        self.ids = ids
        self.activity = activity
        self.time = time
        self.metrics = metrics
        self.tracing = tracing
        self.logger = logger
        writer = ConversationWriter(store: store, delivery: delivery, time: time, metrics: metrics, tracing: tracing)
    }

    /// Stores messages of one sender for one destination; durable when it returns. Runs where its caller does.
    ///
    /// - Parameters:
    ///   - commands: all of the same destination, numbered in this order.
    ///   - path: how they came, for the metrics.
    ///   - executor: where the caller's tasks run; nil for Swift's own threads.
    /// - Returns: an answer a command.
    package nonisolated(nonsending) func send(
        _ commands: [SendCommand],
        from sender: Principal,
        over path: SendPath = .websocket,
        on executor: (any TaskExecutor)? = nil
    ) async -> [Result<SendReceipt, RequestError>] {
        guard let destination = commands.first?.destination else { return [] }
        let span = tracing.begin(.send, under: nil, messages: commands.count)
        do {
            let conversation = try await conversation(for: destination, sender: sender)
            let drafts = commands.map { draft($0, from: sender) }
            let outcomes = try await append(drafts, to: conversation, trace: span?.asParent, on: executor)
            let answers = outcomes.map(answer)
            let stored = answers.count { (try? $0.get().isDuplicate) == false }
            activity.stored(messages: stored)
            metrics.sending.stored(stored, in: conversation, over: path)
            metrics.sending.repeated(answers.count { (try? $0.get().isDuplicate) == true })
            span?.end()
            return answers
        } catch {
            span?.end(failure: error.code.rawValue)
            return commands.map { _ in .failure(error) }
        }
    }

    private nonisolated(nonsending) func append(
        _ drafts: [MessageDraft],
        to conversation: ConversationID,
        trace: TraceParent?,
        on executor: (any TaskExecutor)?
    ) async throws(RequestError) -> [AppendOutcome] {
        do {
            return try await writer.append(drafts, to: conversation, trace: trace, on: executor)
        } catch {
            logger.warning("append_failed", metadata: ["code": "\(error.code)", "detail": "\(error.detail)"])
            throw RequestError(error)
        }
    }

    private nonisolated(nonsending) func conversation(
        for destination: Destination,
        sender: Principal
    ) async throws(RequestError) -> ConversationID {
        switch destination {
        case .user(let recipient):
            guard try await exists(recipient) else { throw RequestError(.notFound, "There is no user with this recipientId.") }
            return .direct(UserPair(sender.userID, recipient))
        case .channel(let name):
            try await access.check(.channel(name), for: sender.userID)
            return .channel(name)
        }
    }

    private nonisolated(nonsending) func exists(_ id: UserID) async throws(RequestError) -> Bool {
        if knownUsers.withLock({ $0.contains(id) }) { return true }
        do {
            guard try await store.user(id) != nil else { return false }
        } catch {
            throw RequestError(error)
        }
        knownUsers.withLock { known in
            if known.count >= knownUsersLimit { known.removeAll(keepingCapacity: true) }
            known.insert(id)
        }
        return true
    }

    private func draft(_ command: SendCommand, from sender: Principal) -> MessageDraft {
        MessageDraft(
            messageID: ids.next(MessageID.self),
            senderID: sender.userID,
            senderName: sender.username,
            content: command.content,
            clientMessageID: command.clientMessageID,
            createdAt: time.now()
        )
    }

    private func answer(_ outcome: AppendOutcome) -> Result<SendReceipt, RequestError> {
        switch outcome {
        case .stored(let message):
            logger.info(
                "MESSAGE_SEND",
                metadata: [
                    "messageId": "\(message.messageID)",
                    "conversationId": "\(message.conversationID)",
                    "seq": .stringConvertible(message.seq),
                ]
            )
            return .success(SendReceipt(message: message, isDuplicate: false))
        case .duplicate(let message):
            return .success(SendReceipt(message: message, isDuplicate: true))
        case .conflict:
            return .failure(RequestError(.conflict, "This clientMessageId belongs to another message of yours."))
        }
    }
}
