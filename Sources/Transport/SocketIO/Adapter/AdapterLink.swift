package import Actors
package import Logging
package import Metrics
package import NIOCore
import NIOPosix

/// The adapter's own connections to Redis: what it publishes and hears doesn't stand in the way of the bus, and the other way round.
///
/// Nobody waits for it. While Redis is away a bounded number of messages waits.
package final class AdapterLink: Sendable {
    /// What came over a subscription.
    struct Incoming: Sendable {
        let channel: String
        let payload: [UInt8]
    }

    struct Core {
        var state: BusState
        var outgoing: OutgoingHints<AdapterHint>
        /// The rooms that this instance hears of with the sharded format.
        var rooms = TopicSubscriptions<AdapterRoom, Void>()
        var random = RandomSource()
        var lastConnectError: RedisError?
        var dropped = LossReport()
        var receiveDropped = LossReport()
        var failures = WindowCounter(limit: 20, window: .seconds(1))
        /// What was received and is not done with: how many messages, and their bytes.
        var pending = (count: 0, bytes: 0)
    }

    package let format: AdapterFormat
    let channels = AdapterChannels()
    let codec: any AdapterCodec
    let log: AdapterLog
    let time: any TimeSource
    let core: Locked<Core>
    /// To be read once, by one task.
    let incoming: AsyncStream<Incoming>
    /// Fires when the last message is out.
    let idle = BusSignal()
    let eventLoop: any EventLoop
    let known = KnownServers()
    let configuration: RedisConfiguration
    let identity: InstanceIdentity
    private let input: AsyncStream<Incoming>.Continuation
    let options: Options

    /// How the link behaves.
    package struct Options: Sendable {
        /// Messages that may wait to be published; past it the oldest go.
        package var outgoingLimit = 10_000
        /// Messages that may have been received and not acted on by every executor that has clients of theirs; past it the newest go.
        package var incomingLimit = 1_024
        /// Bytes of those.
        package var incomingBytes = 64 * 1_048_576
        /// Without a probe for this long the link is lost.
        package var probeTimeout: Duration = .seconds(4)
        /// For connecting, and for each further step until the subscriptions stand.
        package var connectTimeout: Duration = .seconds(2)

        package init() {}
    }

    /// - Parameter logger: labelled `SocketIOAdapter`.
    package init(
        format: AdapterFormat,
        configuration: RedisConfiguration,
        identity: InstanceIdentity,
        time: any TimeSource,
        options: Options = Options(),
        logger: Logger = Logger(label: "SocketIOAdapter"),
        metrics: any MetricsFactory = MetricsSystem.factory,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.format = format
        self.configuration = configuration
        self.identity = identity
        self.time = time
        self.options = options
        codec = format.codec(channels)
        log = AdapterLog(logger: logger, factory: metrics)
        eventLoop = group.next()
        let state = BusState(isRequired: false, probeTimeout: options.probeTimeout)
        core = Locked(Core(state: state, outgoing: OutgoingHints(limit: options.outgoingLimit)))
        (incoming, input) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(options.incomingLimit))
    }

    /// Tells the other instances' clients. Returns at once.
    func publish(_ event: BusEvent) {
        guard let hint = AdapterHint(event) else { return }
        offer(hint)
    }

    func answer(_ answer: AdapterAnswer, to question: AdapterQuestion) {
        guard let publication = codec.encode(answer, to: question) else { return }
        offer(.answer(publication))
    }

    /// Hears of a room from now on; each call needs an `unfollow` of its own. With the classic format every room is heard of anyway.
    func follow(_ room: String) {
        guard format == .sharded else { return }
        core.withLock { _ = $0.rooms.follow(AdapterRoom(room)) {} }
        changeSubscriptionsSoon()
    }

    func unfollow(_ room: String) {
        guard format == .sharded else { return }
        core.withLock { _ = $0.rooms.unfollow(AdapterRoom(room)) }
        changeSubscriptionsSoon()
    }

    /// A message has been acted on: it no longer counts as waiting.
    func noteDone(bytes: Int) {
        core.withLock { core in
            core.pending.count -= 1
            core.pending.bytes -= bytes
        }
    }

    private func offer(_ hint: AdapterHint) {
        let now = time.uptime()
        let (link, dropped, report) = core.withLock { core -> (RedisLink?, Int, Int?) in
            guard core.state.acceptsHints else { return (nil, 0, nil) }
            // Who types is of no use a little later.
            if case .event(.chat(.typing)) = hint, core.outgoing.isSlow {
                return (nil, 1, core.dropped.add(1, at: now))
            }
            let dropped = core.outgoing.offer(hint, bytes: hint.size)
            return (core.outgoing.linkToDrain(), dropped, core.dropped.add(dropped, at: now))
        }
        if dropped > 0 { log.publishDropped.increment(by: dropped) }
        if let report { log.dropped(published: report) }
        if let link { eventLoop.execute { self.drain(link) } }
    }

    /// Writes what the window allows. On the link's event loop.
    func drain(_ link: RedisLink) {
        while let (hint, ticket) = core.withLock({ $0.outgoing.next(over: link) }) {
            let publications = hint.publications(codec)
            // Several servers of a cluster answer in any order.
            var awaited = publications.count
            for publication in publications {
                let command = RedisCommand.publish(publication.payload, to: publication.channel, isSharded: format == .sharded)
                link.send(command) { result in
                    guard self.published(result) else { return }
                    awaited -= 1
                    if awaited == 0 { self.complete(ticket, over: link) }
                }
            }
        }
    }

    /// - Returns: false where there is no answer, as the connection has ended: it waits for the next one.
    private func published(_ result: Result<RedisReply, RedisError>) -> Bool {
        switch result {
        case .success(let reply):
            if let code = reply.errorCode { publishFailed(code) } else { log.published.increment() }
        case .failure(let error) where error.code == .overloaded: publishFailed("OVERLOADED")
        case .failure: return false
        }
        return true
    }

    private func complete(_ ticket: PublishTicket, over link: RedisLink) {
        let (isIdle, drainable) = core.withLock { $0.outgoing.complete(ticket, over: link) }
        if isIdle { idle.fire() }
        drainable.map(drain)
    }

    private func publishFailed(_ code: String) {
        log.publishDropped.increment()
        let now = time.uptime()
        if core.withLock({ !$0.failures.exceeds(at: now) }) { log.publishFailed(code: code) }
    }

    /// What the subscription brings. On the link's event loop.
    func receive(_ event: SubscriptionEvent) {
        switch event {
        case .changed(let channel): core.withLock { _ = $0.rooms.answered(channel) }
        case .interrupted(let channel): core.withLock { $0.rooms.interrupted(channel) }
        case .message(let channel, let payload) where channel == probe: probeReturned(payload)
        case .message(let channel, let payload): receive(Incoming(channel: channel, payload: payload))
        }
    }

    private func receive(_ message: Incoming) {
        log.received.increment()
        let bytes = message.payload.count
        let isAdmitted = core.withLock { core in
            guard core.pending.count < options.incomingLimit, core.pending.bytes + bytes <= options.incomingBytes else { return false }
            core.pending.count += 1
            core.pending.bytes += bytes
            return true
        }
        if isAdmitted {
            guard case .dropped = input.yield(message) else { return }
            noteDone(bytes: bytes)
        }
        log.receiveDropped.increment()
        let now = time.uptime()
        if let report = core.withLock({ $0.receiveDropped.add(1, at: now) }) { log.dropped(received: report) }
    }

    private func probeReturned(_ payload: [UInt8]) {
        guard payload.elementsEqual(identity.boot.utf8) else { return }
        let now = time.uptime()
        core.withLock { $0.state.probeReturned(at: now) }
    }

    func finish() {
        input.finish()
        idle.finish()
    }
}
