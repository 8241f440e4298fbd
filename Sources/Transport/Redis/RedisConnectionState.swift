import DequeModule

/// What one connection waits for: answers come in the order of the commands, and published messages in between once it is subscribed.
///
/// `Completion` is whoever waits for an answer.
package struct RedisConnectionState<Completion> {
    /// Names a command of this connection.
    package struct CommandID: Hashable, Sendable {
        fileprivate let value: UInt64
    }

    /// Whether a command may be written.
    package enum Admission {
        case write(CommandID)
        case refuse(Completion, RedisError)
    }

    /// What to do with a reply.
    package enum Action {
        case complete(Completion, RedisReply)
        /// A message that was published on `channel`.
        case push(channel: String, payload: [UInt8])
        /// A change of the subscription is done for this channel.
        case changed(channel: String)
        /// Something came over a connection that listens.
        case shard(ShardReply)
        case ignore
        /// The connection can't be used any more.
        case close(RedisError)
    }

    private enum Slot {
        case waiting(Completion)
        /// Nobody waits any more, but the answer will come.
        case abandoned
    }

    private enum Subscription {
        case none
        case confirming(Completion, remaining: Int)
        case active
        /// Whoever has the connection looks after what it subscribes to, and after the answers.
        case listening
    }

    private let limit: Int
    private var slots: Deque<Slot> = []
    private var firstID: UInt64 = 0
    private var subscription = Subscription.none
    /// Why the connection has ended; nil while it is open.
    private var ending: RedisError?

    /// - Parameter limit: commands that may wait for their answers.
    package init(limit: Int = 16_384) {
        self.limit = limit
    }

    /// A command is about to be written.
    package mutating func send(_ completion: Completion) -> Admission {
        if let ending { return .refuse(completion, ending) }
        guard case .none = subscription else {
            return .refuse(completion, RedisError(.refused, "the connection is subscribed and takes no commands"))
        }
        guard slots.count < limit else {
            return .refuse(completion, RedisError(.overloaded, "too many commands wait for an answer"))
        }
        slots.append(.waiting(completion))
        return .write(CommandID(value: firstID + UInt64(slots.count) - 1))
    }

    /// A `SUBSCRIBE` of so many channels is about to be written; nil where it may be, or who is refused and why.
    ///
    /// Complete once the last channel is confirmed; before that no other may be written.
    package mutating func subscribe(_ completion: Completion, channels: Int) -> (Completion, RedisError)? {
        if let ending { return (completion, ending) }
        if case .confirming = subscription { return (completion, RedisError(.refused, "the connection is about to subscribe")) }
        guard channels > 0 else { return (completion, RedisError(.refused, "no channel is named")) }
        subscription = .confirming(completion, remaining: channels)
        return nil
    }

    /// From now on the connection is for sharded channels and takes no commands; all that comes is told as `shard`.
    package mutating func listen() {
        guard ending == nil, case .none = subscription else { return }
        subscription = .listening
    }

    /// Whether a `SUBSCRIBE` or `UNSUBSCRIBE` may be written that nobody waits for: each of its channels is told as `changed`.
    package var admitsChanges: Bool {
        guard ending == nil else { return false }
        switch subscription {
        case .active, .listening: return true
        case .none, .confirming: return false
        }
    }

    package mutating func receive(_ reply: RedisReply) -> Action {
        if ending != nil { return .ignore }
        if let slot = slots.popFirst() {
            firstID += 1
            switch slot {
            case .waiting(let completion): return .complete(completion, reply)
            case .abandoned: return .ignore
            }
        }
        switch subscription {
        case .none:
            return .close(RedisError(.protocolViolation, "a reply came that nobody asked for"))
        case .confirming(let completion, let remaining):
            return receive(reply, confirming: completion, remaining: remaining)
        case .active:
            return receivePush(reply)
        case .listening:
            guard let reply = ShardReply(reply) else { return .close(Self.notAMessage) }
            return .shard(reply)
        }
    }

    /// Gives up on a command. Its place stays, so that the answers of its neighbours still find them.
    ///
    /// - Returns: who waited; nil where the answer has come already.
    package mutating func expire(_ id: CommandID) -> Completion? {
        guard id.value >= firstID else { return nil }
        let index = Int(id.value - firstID)
        guard index < slots.count, case .waiting(let completion) = slots[index] else { return nil }
        slots[index] = .abandoned
        return completion
    }

    /// The connection has ended; returns everybody who still waits.
    ///
    /// - Parameter reason: what later commands are refused with; the first one counts.
    package mutating func close(_ reason: RedisError) -> [Completion] {
        if ending != nil { return [] }
        ending = reason
        var waiting: [Completion] = []
        for case .waiting(let completion) in slots { waiting.append(completion) }
        if case .confirming(let completion, _) = subscription { waiting.append(completion) }
        firstID += UInt64(slots.count)
        slots.removeAll()
        subscription = .none
        return waiting
    }

    private mutating func receive(_ reply: RedisReply, confirming completion: Completion, remaining: Int) -> Action {
        if case .error = reply {
            subscription = .none
            return .complete(completion, reply)
        }
        guard case .array(let parts) = reply, parts.count == 3, let word = parts[0].text, SubscriptionKind.confirmations.contains(word)
        else { return receivePush(reply) }
        if remaining > 1 {
            subscription = .confirming(completion, remaining: remaining - 1)
            return .ignore
        }
        subscription = .active
        return .complete(completion, reply)
    }

    private func receivePush(_ reply: RedisReply) -> Action {
        if let code = reply.errorCode { return .close(RedisError(.refused, "Redis refused a change of the subscription (\(code))")) }
        guard case .array(let parts) = reply, let push = SubscriptionKind.push(parts) else {
            return .close(Self.notAMessage)
        }
        switch push {
        case .message(let channel, let payload): return .push(channel: channel, payload: payload)
        case .changed(let channel): return .changed(channel: channel)
        }
    }

    private static var notAMessage: RedisError {
        RedisError(.protocolViolation, "a subscription brought something other than a message")
    }
}

extension RedisConnectionState.Admission: Sendable where Completion: Sendable {}
extension RedisConnectionState.Action: Sendable where Completion: Sendable {}
