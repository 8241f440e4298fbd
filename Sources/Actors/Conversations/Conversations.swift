package import Logging

/// What users do in conversations other than to send: checked, stored, and then told to those whom it concerns.
package final class Conversations: Sendable {
    /// The most channels that one user may be in.
    package static let channelLimit = 200

    private let store: any Store
    private let delivery: Delivery
    private let registry: Registry
    private let access: ConversationAccess
    private let time: any TimeSource
    private let logger: Logger

    package init(
        store: any Store,
        delivery: Delivery,
        registry: Registry,
        access: ConversationAccess,
        time: any TimeSource,
        logger: Logger = Logger(label: "Session")
    ) {
        self.store = store
        self.delivery = delivery
        self.registry = registry
        self.access = access
        self.time = time
        self.logger = logger
    }

    package func edit(_ id: MessageID, in conversation: ConversationID, content: String, by user: UserID) async throws(RequestError) {
        try await access.check(conversation, for: user)
        let now = time.now()
        let outcome = try await attempt { () async throws(StoreError) in
            try await store.edit(id, in: conversation, by: user, content: content, at: now)
        }
        if let message = try changed(outcome) { await delivery.tell(.updated(message)) }
    }

    package func delete(_ id: MessageID, in conversation: ConversationID, by user: UserID) async throws(RequestError) {
        try await access.check(conversation, for: user)
        let now = time.now()
        let outcome = try await attempt { () async throws(StoreError) in
            try await store.delete(id, in: conversation, by: user, at: now)
        }
        if let message = try changed(outcome) { await delivery.tell(.updated(message)) }
    }

    package func react(
        _ id: MessageID,
        in conversation: ConversationID,
        emoji: String,
        adds: Bool,
        by user: UserID
    ) async throws(RequestError) {
        try await access.check(conversation, for: user)
        let outcome = try await attempt { () async throws(StoreError) in
            try await store.react(id, in: conversation, by: user, emoji: emoji, adds: adds)
        }
        if let message = try changed(outcome) { await delivery.tell(.reaction(message)) }
    }

    package func markRead(_ conversation: ConversationID, upTo seq: Int64, by user: UserID) async throws(RequestError) {
        try await access.check(conversation, for: user)
        let outcome = try await attempt { () async throws(StoreError) in
            try await store.markRead(conversation, by: user, upTo: seq)
        }
        switch outcome {
        case .advanced: await delivery.tell(.read(ReadCursor(conversationID: conversation, userID: user, seq: seq)))
        case .unchanged: break
        case .beyond(let lastSeq): throw RequestError(.badRequest, "seq: the conversation's last message is \(lastSeq).")
        case .notFound: throw RequestError(.notFound, "There is no such conversation.")
        }
    }

    /// Tells the others that a user is typing; stores nothing, and says nothing of what is left out.
    package func noteTyping(_ isTyping: Bool, in conversation: ConversationID, by user: UserID) async throws(RequestError) {
        try await access.check(conversation, for: user)
        let isAdmitted = await registry.user(user)?.admitsTyping(isTyping, in: conversation) ?? false
        if isAdmitted { await delivery.tell(.typing(conversation, user, isTyping: isTyping)) }
    }

    /// Makes a channel, nobody in it.
    ///
    /// - Parameter title: 1–100 characters; the name where it is nil.
    package func createChannel(_ name: String, title: String?, by user: UserID) async throws(RequestError) -> ChatChannel {
        guard let name = ChannelName(name) else {
            throw RequestError(.badRequest, "name: 1 to 64 of a-z 0-9 _ . -")
        }
        if let title { try ChatChannel.check(title: title) }
        let channel = ChatChannel(name: name, title: title ?? name.description, createdBy: user, createdAt: time.now())
        do {
            try await store.createChannel(channel)
        } catch {
            guard error.code == .duplicateKey else { throw RequestError(error) }
            throw RequestError(.conflict, "There is a channel of this name.")
        }
        return channel
    }

    /// Makes a user a member of a channel.
    ///
    /// - Parameter connection: the one that asks, which is left to enter the channel by itself.
    package func join(_ name: ChannelName, by user: UserID, except connection: ConnectionID?) async throws(RequestError) -> ChannelEntry {
        let outcome = try await attempt { () async throws(StoreError) in
            try await store.join(name, user: user, limit: Self.channelLimit)
        }
        let summary: ChannelSummary
        var joinedSeq: Int64?
        switch outcome {
        case .joined(let joined):
            summary = joined
            joinedSeq = joined.lastSeq
        case .alreadyMember(let known): summary = known
        case .noSuchChannel: throw .noSuchChannel
        case .tooManyChannels: throw RequestError(.forbidden, "A user may be in \(Self.channelLimit) channels.")
        }
        let channel = try await attempt { [joinedSeq] () async throws(StoreError) in
            try await registry.user(user)?.join(name, except: connection, joinedSeq: joinedSeq)
        }
        if case .joined = outcome { delivery.announce(.membership(name, user, isMember: true)) }
        return ChannelEntry(channel: channel, members: summary.members)
    }

    package func leave(_ name: ChannelName, by user: UserID) async throws(RequestError) {
        let outcome = try await attempt { () async throws(StoreError) in try await store.leave(name, user: user) }
        switch outcome {
        case .left: await delivery.tell(.membership(name, user, isMember: false))
        case .notMember:
            // What is known here may be old, and another session may just be joining.
            _ = try await attempt { () async throws(StoreError) in try await registry.user(user)?.follow(name) }
        case .noSuchChannel: throw .noSuchChannel
        }
    }

    /// A channel that a user has joined.
    package struct ChannelEntry: Sendable {
        /// Nil where the user has no connection here.
        package let channel: ChannelActor?
        /// Users in the channel, over all instances.
        package let members: Int
    }

    /// - Returns: the message where it is news.
    private func changed(_ outcome: ChangeOutcome) throws(RequestError) -> Message? {
        switch outcome {
        case .changed(let message): message
        case .unchanged: nil
        case .notFound: throw RequestError(.notFound, "The conversation has no message with this messageId.")
        case .notAuthor: throw RequestError(.forbidden, "Only its author may change a message.")
        case .deleted: throw RequestError(.notFound, "The message was deleted.")
        case .tooManyReactions: throw RequestError(.conflict, "A message holds up to \(Reactions.limit) reactions.")
        }
    }

    private func attempt<Value: Sendable>(_ body: () async throws(StoreError) -> Value) async throws(RequestError) -> Value {
        do {
            return try await body()
        } catch {
            if error.code == .other { logger.error("store_failed", metadata: ["detail": "\(error.detail)"]) }
            throw RequestError(error)
        }
    }
}

extension ChatChannel {
    /// The most that a title may hold, in Unicode scalars.
    package static let maxTitleLength = 100

    fileprivate static func check(title: String) throws(RequestError) {
        let scalars = title.unicodeScalars
        guard (1...maxTitleLength).contains(scalars.count), !scalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw RequestError(.badRequest, "title: 1 to \(maxTitleLength) characters, no control characters")
        }
    }
}
