import Actors
import Logging
import Synchronization
import TestSupport
import Transport

/// The machine's own clocks.
struct RealTime: TimeSource {
    private let start = ContinuousClock.now

    func now() -> Timestamp { Timestamp(milliseconds: 1_767_873_600_000) }
    func uptime() -> Duration { ContinuousClock.now - start }
    func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}

/// A bus with what a test wants to see of it.
struct BusFixture: Sendable {
    let bus: RedisBus
    let log = Recorder<RecordedLine>()
    let deliveries = Recorder<BusDelivery>()
    let counters = CounterRecorder()
    let identity: InstanceIdentity

    init(
        _ url: String,
        instance: String,
        caFile: String? = nil,
        configure: (inout RedisBusOptions) -> Void = { _ in },
        onRestored: @escaping @Sendable () async -> Int = { 0 }
    ) throws {
        var configuration = try RedisConfiguration(url: url)
        configuration.caFile = caFile
        var options = RedisBusOptions()
        options.nodeEnvironment = "development"
        configure(&options)
        let lines = log
        identity = InstanceIdentity(instanceID: instance, boot: "boot-\(instance)")
        let time = RealTime()
        bus = RedisBus(
            configuration: configuration,
            options: options,
            identity: identity,
            ids: UUIDv7Generator(time: time),
            time: time,
            logger: Logger(label: "RedisBus") { _ in RecordingLogHandler(lines) },
            metrics: counters,
            onRestored: onRestored
        )
    }

    /// Runs the bus and its consumers while `body` runs.
    func running<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await bus.run() }
            for family in BusFamily.allCases {
                group.addTask { for await delivery in bus.events(family) { deliveries.append(delivery) } }
            }
            defer { group.cancelAll() }
            return try await body()
        }
    }

    /// The first line of that event, once it is written.
    @discardableResult
    func line(_ event: String, count: Int = 1) async -> RecordedLine {
        let lines = await log.wait { $0.count { $0.event == event } >= count }.filter { $0.event == event }
        return lines.dropFirst(count - 1).first ?? RecordedLine(level: .critical, event: "nothing like \(event)", metadata: [:])
    }

    func waitForMessage(_ message: Message) async {
        await deliveries.wait { $0.contains { $0.message == message } }
    }
}

extension BusDelivery {
    var message: Message? {
        guard case .message(let message) = event else { return nil }
        return message
    }

    var kick: Kick? {
        guard case .kick(let kick) = event else { return nil }
        return kick
    }

    var chat: ChatEvent? {
        guard case .chat(let chat) = event else { return nil }
        return chat
    }

    var presence: PresenceEvent? {
        guard case .presence(let presence) = event else { return nil }
        return presence
    }
}

/// Values with ids of good form.
enum Sample {
    static let ids = UUIDv7Generator(time: RealTime())

    static func message(seq: Int64 = 1, content: String = "hello") -> Message {
        let sender = ids.next(UserID.self)
        return message(in: .direct(UserPair(sender, ids.next(UserID.self))), from: sender, seq: seq, content: content)
    }

    static func message(in conversation: ConversationID, from sender: UserID, seq: Int64 = 1, content: String = "hello") -> Message {
        Message(
            messageID: ids.next(MessageID.self),
            conversationID: conversation,
            seq: seq,
            senderID: sender,
            senderName: "alice",
            content: content,
            clientMessageID: ClientMessageID("c-\(seq)") ?? { fatalError("not a client message id") }(),
            createdAt: Timestamp(milliseconds: 1_767_873_600_123)
        )
    }

    static var channelMessage: Message {
        get throws {
            guard let name = ChannelName("general") else { throw Unexpected() }
            return message(in: .channel(name), from: ids.next(UserID.self))
        }
    }
}
