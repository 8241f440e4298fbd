import DequeModule

/// The sharded channels that a link to a cluster hears: on which server each one is, and what the servers are still to answer.
///
/// A server takes a channel away unasked when its slot moves. It is asked for again where the slot is thought to be; a server that no longer
/// has it says where it is. What a server says unasked looks like the answer to one who gives the channel up. Therefore a `PING` goes behind each
/// such question, and what is given up is gone when that is answered, however it went; and of each channel one answer at most is awaited.
package struct ShardSubscriptions {
    package typealias Endpoint = RedisConfiguration.Endpoint

    package enum Action: Hashable, Sendable {
        /// To be sent in this order, with a `PING` behind each one that unsubscribes; all channels of one command are of one slot.
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

    /// What a server is still to answer.
    private enum Question {
        /// The channels that have no answer yet.
        case subscribe(HashSlot, Deque<String>)
        /// Over with the `PING` behind it.
        case unsubscribe([String])
        case ping
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
    /// Channels whose question has no answer yet.
    private var awaited = 0

    package init() {}

    /// Whether everything that was asked for is done.
    package var isSettled: Bool { awaited == 0 }

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

    /// A `PING` is about to be sent that is not one of those behind a question.
    package mutating func ping(_ endpoint: Endpoint) {
        questions[endpoint, default: []].append(.ping)
    }

    /// A server has said something.
    package mutating func told(_ reply: ShardReply, by endpoint: Endpoint, _ slots: RedisSlots) -> [Action] {
        switch reply {
        case .message: []
        case .subscribed(let channel): subscribed(channel, by: endpoint, slots)
        case .unsubscribed(let channel): unsubscribed(channel, by: endpoint, slots)
        case .pong: answered(by: endpoint, slots)
        case .refused(let error): refused(error, by: endpoint)
        }
    }

    private mutating func subscribed(_ channel: String, by endpoint: Endpoint, _ slots: RedisSlots) -> [Action] {
        guard case .subscribe(let slot, var channels)? = questions[endpoint]?.first, channels.first == channel else {
            return [.fail(Self.unasked)]
        }
        channels.removeFirst()
        if channels.isEmpty {
            questions[endpoint]?.removeFirst()
        } else {
            questions[endpoint]?[0] = .subscribe(slot, channels)
        }
        awaited -= 1
        entries[channel]?.phase = .standing(endpoint)
        entries[channel]?.redirections = 0
        return settle([channel]) { slots.owner(of: $0) }
    }

    private mutating func unsubscribed(_ channel: String, by endpoint: Endpoint, _ slots: RedisSlots) -> [Action] {
        guard case .standing(endpoint)? = entries[channel]?.phase else { return [] }
        entries[channel]?.phase = .absent
        entries[channel]?.owed += 1
        return [.interrupted(channel: channel)] + settle([channel]) { slots.owner(of: $0) }
    }

    private mutating func answered(by endpoint: Endpoint, _ slots: RedisSlots) -> [Action] {
        switch questions[endpoint]?.popFirst() {
        case .ping: return []
        case .unsubscribe(let channels):
            awaited -= channels.count
            for channel in channels { entries[channel]?.phase = .absent }
            return settle(channels) { slots.owner(of: $0) }
        case .subscribe, nil: return [.fail(Self.unasked)]
        }
    }

    private mutating func refused(_ error: RedisReply, by endpoint: Endpoint) -> [Action] {
        guard let redirection = RedisRedirection(error, from: endpoint), redirection.kind == .moved,
            let question = questions[endpoint]?.first
        else {
            return [.fail(RedisError(.refused, "\(endpoint) refused a change of the subscription (\(error.errorCode ?? "no error"))"))]
        }
        switch question {
        case .unsubscribe:
            return [.learn(redirection)]
        case .subscribe(_, let channels):
            questions[endpoint]?.removeFirst()
            awaited -= channels.count
            for channel in channels {
                entries[channel]?.phase = .absent
                entries[channel]?.redirections += 1
                guard entries[channel]?.redirections ?? 0 <= Self.redirectionLimit else { return [.fail(Self.inCircles)] }
            }
            return [.learn(redirection)] + settle(Array(channels)) { _ in redirection.endpoint }
        case .ping:
            return [.fail(Self.unasked)]
        }
    }

    /// Asks for what is wanted and not there, or the other way round; tells of what is as it should be.
    private mutating func settle(_ channels: [String], owner: (HashSlot) -> Endpoint) -> [Action] {
        var actions: [Action] = []
        var targets: [Target] = []
        var asked: [Target: [String]] = [:]
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
            let question = target.isToSubscribe ? Question.subscribe(target.slot, Deque(channels)) : .unsubscribe(channels)
            questions[target.endpoint, default: []].append(question)
            awaited += channels.count
            actions.append(.send(target.isToSubscribe ? .subscribe(channels) : .unsubscribe(channels), to: target.endpoint))
        }
        return actions
    }

    private static let unasked = RedisError(.protocolViolation, "a server answered about sharded channels what it was not asked")
    private static let inCircles = RedisError(.unavailable, "the cluster's servers don't agree on who serves a slot")
}

extension ShardSubscriptions: Sendable {}
