package import Logging

/// Brings what is stored to whom it is for: to the connections here, and as a hint to the other instances.
package struct Delivery: Sendable {
    private let registry: Registry
    private let channels: ChannelDirectory
    private let bus: any Bus
    private let presence: PresenceHub?
    private let tracing: any MessageTracing
    private let logger: Logger

    /// - Parameter presence: hears of people who begin to talk.
    package init(
        registry: Registry,
        bus: any Bus,
        presence: PresenceHub? = nil,
        tracing: any MessageTracing = NoTracing(),
        logger: Logger = Logger(label: "Session")
    ) {
        self.registry = registry
        channels = registry.channels
        self.bus = bus
        self.presence = presence
        self.tracing = tracing
        self.logger = logger
    }

    /// Delivers messages of one conversation that this instance has stored, ascending.
    ///
    /// To the other instances last: what is published is encoded first, and whoever sent it and is here waits for the same event loop.
    ///
    /// - Parameter trace: the append that stored them.
    package func deliver(_ messages: [Message], trace: TraceParent? = nil) async {
        await deliverHere(messages, by: .local, trace: trace)
        for message in messages {
            let span = tracing.begin(.publish, under: trace, messages: 1)
            bus.publish(.message(message), trace: span?.asParent)
            span?.end()
        }
    }

    /// Delivers messages of one conversation to the connections of this instance alone.
    ///
    /// - Parameters:
    ///   - path: how they came here.
    ///   - trace: the step that brought them.
    /// - Returns: whether anybody here is concerned.
    @discardableResult
    package func deliverHere(_ messages: [Message], by path: DeliveryPath = .bus, trace: TraceParent? = nil) async -> Bool {
        // While bans may have been missed nothing is delivered; the reconciler brings it.
        guard let conversation = messages.first?.conversationID, !registry.freshness.isStale else { return false }
        let span = tracing.begin(.deliver, under: trace, messages: messages.count)
        defer { span?.end() }
        let isConcerned: Bool
        switch conversation {
        case .direct(let pair):
            let users = registry.users(pair.members)
            for user in users { await user.deliver(messages, by: path) }
            isConcerned = !users.isEmpty
            if isConcerned, messages.first?.seq == 1 { presence?.met(pair) }
        case .channel(let name):
            let channel = channels.channel(name)
            await channel?.deliver(messages, by: path)
            isConcerned = channel != nil
        }
        for message in messages {
            logger.debug(
                "BROADCAST",
                metadata: [
                    "messageId": "\(message.messageID)", "seq": .stringConvertible(message.seq), "here": .stringConvertible(isConcerned),
                ]
            )
        }
        return isConcerned
    }

    /// Tells what has happened in a conversation.
    package func tell(_ event: ChatEvent) async {
        do throws(StoreError) {
            try await tellHere(event)
        } catch {
            // The reconciler finds it.
            logger.warning("channel_not_entered", metadata: event.ids.merging(["error": "\(error)"]) { own, _ in own })
        }
        bus.publish(.chat(event))
    }

    /// Tells the other instances alone.
    package func announce(_ event: ChatEvent) {
        bus.publish(.chat(event))
    }

    /// Tells the connections of this instance alone.
    ///
    /// - Returns: false where nothing is told, as bans may have been missed.
    /// - Throws: where a membership could not be followed.
    @discardableResult
    package func tellHere(_ event: ChatEvent) async throws(StoreError) -> Bool {
        if case .membership(let name, let user, _) = event {
            try await registry.user(user)?.follow(name)
            return true
        }
        guard !registry.freshness.isStale else { return false }
        switch event.conversationID {
        case .direct(let pair):
            for user in registry.users(pair.members) { await Self.tell(event, to: user) }
        case .channel(let name):
            if let channel = channels.channel(name) { await Self.tell(event, to: channel) }
        }
        return true
    }

    private static func tell(_ event: ChatEvent, to user: UserActor) async {
        switch event {
        case .updated(let message), .reaction(let message): await user.update(message)
        case .read(let cursor): await user.noteRead(cursor)
        case .typing(let conversation, let typist, let isTyping):
            guard typist != user.userID else { return }
            await user.noteTyping(typist, in: conversation, isTyping: isTyping)
        case .membership: break
        }
    }

    private static func tell(_ event: ChatEvent, to channel: ChannelActor) async {
        switch event {
        case .updated(let message), .reaction(let message): await channel.update(message)
        case .read(let cursor): await channel.noteRead(cursor)
        case .typing(_, let typist, let isTyping): await channel.noteTyping(typist, isTyping: isTyping)
        case .membership: break
        }
    }
}

extension ChatEvent {
    /// What it is about, for the log.
    var ids: Logger.Metadata {
        switch self {
        case .updated(let message), .reaction(let message):
            ["conversationId": "\(message.conversationID)", "messageId": "\(message.messageID)"]
        case .read(let cursor): ["conversationId": "\(cursor.conversationID)", "userId": "\(cursor.userID)"]
        case .typing(let conversation, let user, _): ["conversationId": "\(conversation)", "userId": "\(user)"]
        case .membership(let name, let user, _): ["channelId": "ch:\(name)", "userId": "\(user)"]
        }
    }
}

extension UserPair {
    /// One or two people.
    fileprivate var members: [UserID] {
        first == second ? [first] : [first, second]
    }
}
