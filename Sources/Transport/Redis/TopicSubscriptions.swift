package import Actors

/// Something to be heard of, and the Redis channels that carry it.
package protocol SubscriptionTopic: Hashable, Sendable {
    var channels: [String] { get }

    /// The topic that a channel belongs to; nil for any other channel.
    init?(channel: String)
}

extension BusTopic: SubscriptionTopic {}

/// What the bus hears of with targeted routing.
package typealias BusSubscriptions<Waiter> = TopicSubscriptions<BusTopic, Waiter>

/// A change of what a connection is subscribed to.
package enum SubscriptionCommand: Hashable, Sendable {
    case subscribe([String])
    case unsubscribe([String])
}

/// Which topics an instance wants to hear, what Redis was asked for and has confirmed, and who waits for that.
///
/// Redis answers in order, a reply a channel: a topic is heard once every answer to what was asked for it is there and the last question was
/// to subscribe. So it may be followed and left as fast as anybody likes.
package struct TopicSubscriptions<Topic: SubscriptionTopic, Waiter> {
    /// The most channels that one command names.
    package static var batchSize: Int { 512 }

    package typealias Command = SubscriptionCommand

    package struct WaiterID: Hashable, Sendable {
        fileprivate let value: UInt64
    }

    private enum Phase {
        case disconnected
        /// A new connection subscribes to what was wanted when it began.
        case subscribing
        case connected
    }

    fileprivate struct Entry {
        /// How often it is followed.
        var references = 0
        /// Whether the last that was asked for it is to subscribe.
        var isAsked = false
        /// Answers that are still to come.
        var awaited = 0
        var waiters: [(id: WaiterID, waiter: Waiter)] = []
        /// Somebody follows it who didn't wait for the confirmation, or not long enough.
        var isLate = false
        /// It stands in `changed`.
        var isChanged = false

        var isWanted: Bool { references > 0 }
    }

    private var phase = Phase.disconnected
    private var entries: [Topic: Entry] = [:]
    /// What is to be looked at when the next commands are made.
    private var changed: [Topic] = []
    private var lastID: UInt64 = 0

    package init() {}

    /// How many topics are followed.
    package var count: Int { entries.values.count { $0.isWanted } }

    /// Whether everything published on the topic arrives.
    package func hears(_ topic: Topic) -> Bool {
        guard case .connected = phase, let entry = entries[topic] else { return false }
        return entry.isAsked && entry.awaited == 0
    }

    /// The topic is wanted, once more.
    ///
    /// - Returns: who waits for the confirmation, made by `waiter`; nil where it is there already, or can't come as there is no connection.
    package mutating func follow(_ topic: Topic, waiter: () -> Waiter) -> (id: WaiterID, waiter: Waiter)? {
        var entry = entries[topic] ?? Entry()
        defer { entries[topic] = entry }
        entry.references += 1
        note(&entry, topic)
        guard case .connected = phase else {
            entry.isLate = true
            return nil
        }
        if entry.isAsked, entry.awaited == 0 { return nil }
        lastID += 1
        let waiting = (id: WaiterID(value: lastID), waiter: waiter())
        entry.waiters.append(waiting)
        return waiting
    }

    /// The topic is wanted once less.
    ///
    /// - Returns: who still waited for it, where nobody wants it any more.
    package mutating func unfollow(_ topic: Topic) -> [Waiter] {
        guard var entry = entries[topic], entry.isWanted else { return [] }
        entry.references -= 1
        var waiters: [Waiter] = []
        if !entry.isWanted {
            entry.isLate = false
            waiters = entry.waiters.map(\.waiter)
            entry.waiters.removeAll()
        }
        note(&entry, topic)
        if case .disconnected = phase, !entry.isWanted {
            entries[topic] = nil
        } else {
            entries[topic] = entry
        }
        return waiters
    }

    /// Somebody waits no longer; should the confirmation come after this, it is late.
    package mutating func giveUp(_ id: WaiterID, on topic: Topic) {
        guard let index = entries[topic]?.waiters.firstIndex(where: { $0.id == id }) else { return }
        entries[topic]?.waiters.remove(at: index)
        if entries[topic]?.isWanted == true { entries[topic]?.isLate = true }
    }

    /// A new connection is about to subscribe.
    ///
    /// - Returns: the channels of all topics that are wanted.
    package mutating func beginSubscribing() -> [String] {
        phase = .subscribing
        changed.removeAll()
        var channels: [String] = []
        for (topic, entry) in entries where entry.isWanted {
            entries[topic]?.isAsked = true
            channels += topic.channels
        }
        return channels
    }

    /// Everything that `beginSubscribing` named is confirmed.
    ///
    /// - Returns: the topics among them that were followed meanwhile without a confirmation.
    package mutating func connected() -> [Topic] {
        phase = .connected
        var late: [Topic] = []
        for (topic, entry) in entries where entry.isAsked && entry.isLate && entry.awaited == 0 {
            entries[topic]?.isLate = false
            late.append(topic)
        }
        return late
    }

    /// The connection has ended, or has not come about.
    ///
    /// - Returns: everybody who waited.
    package mutating func disconnected() -> [Waiter] {
        phase = .disconnected
        changed.removeAll()
        var waiters: [Waiter] = []
        for (topic, entry) in entries {
            waiters += entry.waiters.map(\.waiter)
            guard entry.isWanted else {
                entries[topic] = nil
                continue
            }
            entries[topic] = Entry(references: entry.references, isLate: entry.isLate || !entry.waiters.isEmpty)
        }
        return waiters
    }

    /// What is to be sent so that what is wanted is heard and nothing else; to be sent in this order, and before what a later call answers.
    package mutating func nextCommands() -> [Command] {
        guard case .connected = phase else { return [] }
        var wanted: [String] = []
        var unwanted: [String] = []
        for topic in changed {
            guard var entry = entries[topic] else { continue }
            entry.isChanged = false
            if entry.isWanted != entry.isAsked {
                entry.isAsked = entry.isWanted
                let channels = topic.channels
                entry.awaited += channels.count
                if entry.isWanted { wanted += channels } else { unwanted += channels }
            }
            entries[topic] = entry.isOver ? nil : entry
        }
        changed.removeAll(keepingCapacity: true)
        return Self.batches(unwanted).map { .unsubscribe($0) } + Self.batches(wanted).map { .subscribe($0) }
    }

    /// Redis has answered for one channel.
    ///
    /// - Returns: who has waited for that, and the topic where somebody has not waited long enough.
    package mutating func answered(_ channel: String) -> (waiters: [Waiter], late: Topic?) {
        guard let topic = Topic(channel: channel), var entry = entries[topic], entry.awaited > 0 else { return ([], nil) }
        entry.awaited -= 1
        var waiters: [Waiter] = []
        var late: Topic?
        if entry.awaited == 0, entry.isAsked {
            waiters = entry.waiters.map(\.waiter)
            entry.waiters.removeAll()
            if entry.isLate { late = topic }
            entry.isLate = false
        }
        entries[topic] = entry.isOver ? nil : entry
        return (waiters, late)
    }

    /// A channel is not heard for a while, although nobody asked for that; `answered` says when it is again.
    package mutating func interrupted(_ channel: String) {
        guard let topic = Topic(channel: channel), var entry = entries[topic] else { return }
        entry.awaited += 1
        if entry.isWanted { entry.isLate = true }
        entries[topic] = entry
    }

    private mutating func note(_ entry: inout Entry, _ topic: Topic) {
        if case .disconnected = phase { return }
        guard !entry.isChanged else { return }
        entry.isChanged = true
        changed.append(topic)
    }

    private static func batches(_ channels: [String]) -> [[String]] {
        stride(from: 0, to: channels.count, by: batchSize).map { Array(channels[$0..<min($0 + batchSize, channels.count)]) }
    }
}

extension TopicSubscriptions.Entry {
    /// Nothing is left to be said or heard of it.
    fileprivate var isOver: Bool { !isWanted && !isAsked && awaited == 0 }
}

extension TopicSubscriptions: Sendable where Waiter: Sendable {}
extension TopicSubscriptions.Entry: Sendable where Waiter: Sendable {}
