import DequeModule

/// The sharded channels that a link to a cluster hears: on which server each one is, and what the servers are still to answer.
///
/// A server takes a channel away unasked when its slot moves. It is asked for again where the slot is thought to be; a server that no longer
/// has it says where it is. Of each channel one answer at most is awaited, so that a channel that was taken away isn't mistaken for one that
/// was given up. Only a server that takes away what it is being asked to give up looks the same; what it says to the question after that, that
/// the slot is another's, fits no question then, or one that gets the same answer.
package struct ShardSubscriptions {
    package typealias Endpoint = RedisConfiguration.Endpoint

    package enum Action: Hashable, Sendable {
        /// To be sent in this order; all channels of one command are of one slot.
        case send(SubscriptionCommand, to: Endpoint)
        /// What was asked for the channel last is done; told once for each time that it was asked for.
        case changed(channel: String)
        /// The channel was taken away and is asked for again; told as `changed` when it is heard again.
        case interrupted(channel: String)
        /// A slot is another server's.
        case learn(RedisRedirection)
        /// The servers' answers are of no use.
        case fail(RedisError)
    }

    private enum Phase {
        case absent
        case subscribing(Endpoint)
        case standing(Endpoint)
        case unsubscribing(Endpoint)
    }

    private struct Entry {
        var isWanted = false
        var phase = Phase.absent
        /// How often `changed` is to be told.
        var owed = 0
        /// How often in a row a server has named another one.
        var redirections = 0
    }

    private struct Question {
        let isToSubscribe: Bool
        let slot: HashSlot
        /// Those that have no answer yet.
        var channels: Deque<String>
    }

    private struct Target: Hashable {
        let endpoint: Endpoint
        let slot: HashSlot
        let isToSubscribe: Bool
    }

    /// How often in a row servers may name each other.
    private static let redirectionLimit = 5

    private var entries: [String: Entry] = [:]
    private var questions: [Endpoint: Deque<Question>] = [:]

    package init() {}

    /// Whether everything that was asked for is done.
    package var isSettled: Bool { questions.values.allSatisfy(\.isEmpty) }

    /// Asks for a change.
    ///
    /// - Parameter isTold: whether `changed` is told of it.
    package mutating func change(_ command: SubscriptionCommand, isTold: Bool = true, _ slots: RedisSlots) -> [Action] {
        let (channels, isWanted) =
            switch command {
            case .subscribe(let channels): (channels, true)
            case .unsubscribe(let channels): (channels, false)
            }
        for channel in channels {
            entries[channel, default: Entry()].isWanted = isWanted
            if isTold { entries[channel]?.owed += 1 }
        }
        return settle(channels) { slots.owner(of: $0) }
    }

    /// A server has said something.
    package mutating func told(_ reply: ShardReply, by endpoint: Endpoint, _ slots: RedisSlots) -> [Action] {
        switch reply {
        case .message, .pong:
            return []
        case .subscribed(let channel):
            guard takeAnswer(for: channel, isToSubscribe: true, from: endpoint) else { return [.fail(Self.unasked)] }
            entries[channel]?.phase = .standing(endpoint)
            entries[channel]?.redirections = 0
            return settle([channel]) { slots.owner(of: $0) }
        case .unsubscribed(let channel):
            if takeAnswer(for: channel, isToSubscribe: false, from: endpoint) {
                entries[channel]?.phase = .absent
                return settle([channel]) { slots.owner(of: $0) }
            }
            guard case .standing(endpoint)? = entries[channel]?.phase else { return [] }
            entries[channel]?.phase = .absent
            entries[channel]?.owed += 1
            return [.interrupted(channel: channel)] + settle([channel]) { slots.owner(of: $0) }
        case .refused(let error):
            return refused(error, by: endpoint)
        }
    }

    private mutating func refused(_ error: RedisReply, by endpoint: Endpoint) -> [Action] {
        guard let redirection = RedisRedirection(error, from: endpoint), redirection.kind == .moved else {
            return [.fail(RedisError(.refused, "\(endpoint) refused a change of the subscription (\(error.errorCode ?? "no error"))"))]
        }
        guard let question = questions[endpoint]?.first, question.slot == redirection.slot else { return [] }
        questions[endpoint]?.removeFirst()
        for channel in question.channels {
            entries[channel]?.phase = .absent
            entries[channel]?.redirections += 1
            guard entries[channel]?.redirections ?? 0 <= Self.redirectionLimit else { return [.fail(Self.inCircles)] }
        }
        return [.learn(redirection)] + settle(Array(question.channels)) { _ in redirection.endpoint }
    }

    /// Takes a channel's answer off the oldest question, where that asked for it.
    private mutating func takeAnswer(for channel: String, isToSubscribe: Bool, from endpoint: Endpoint) -> Bool {
        guard let question = questions[endpoint]?.first, question.isToSubscribe == isToSubscribe, question.channels.first == channel else {
            return false
        }
        if question.channels.count > 1 {
            questions[endpoint]?[0].channels.removeFirst()
        } else {
            questions[endpoint]?.removeFirst()
        }
        return true
    }

    /// Asks for what is wanted and not there, or the other way round; tells of what is as it should be.
    private mutating func settle(_ channels: [String], owner: (HashSlot) -> Endpoint) -> [Action] {
        var actions: [Action] = []
        var targets: [Target] = []
        var asked: [Target: Deque<String>] = [:]
        func ask(_ channel: String, _ target: Target) {
            if asked[target] == nil { targets.append(target) }
            asked[target, default: []].append(channel)
        }
        for channel in channels {
            guard var entry = entries[channel] else { continue }
            switch (entry.phase, entry.isWanted) {
            case (.absent, true):
                let slot = HashSlot(of: channel)
                let endpoint = owner(slot)
                entry.phase = .subscribing(endpoint)
                ask(channel, Target(endpoint: endpoint, slot: slot, isToSubscribe: true))
            case (.standing(let endpoint), false):
                entry.phase = .unsubscribing(endpoint)
                ask(channel, Target(endpoint: endpoint, slot: HashSlot(of: channel), isToSubscribe: false))
            case (.absent, false), (.standing, true):
                actions += Array(repeating: .changed(channel: channel), count: entry.owed)
                entry.owed = 0
            case (.subscribing, _), (.unsubscribing, _):
                break
            }
            if case .absent = entry.phase { entries[channel] = nil } else { entries[channel] = entry }
        }
        for target in targets {
            let channels = asked[target] ?? []
            questions[target.endpoint, default: []].append(
                Question(isToSubscribe: target.isToSubscribe, slot: target.slot, channels: channels)
            )
            let names = Array(channels)
            actions.append(.send(target.isToSubscribe ? .subscribe(names) : .unsubscribe(names), to: target.endpoint))
        }
        return actions
    }

    private static let unasked = RedisError(.protocolViolation, "a sharded channel was confirmed that nobody asked for")
    private static let inCircles = RedisError(.unavailable, "the cluster's servers don't agree on who serves a slot")
}

extension ShardSubscriptions: Sendable {}
