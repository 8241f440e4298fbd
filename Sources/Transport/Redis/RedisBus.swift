package import Actors
package import Logging
package import Metrics
package import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// The bus over Redis' publish and subscribe.
///
/// `run` has to be running: it connects, watches the connection with probes, and connects anew. `publish` may be called at any
/// time and from anywhere. A hint is fast and forgetful: the store has what is lost.
package final class RedisBus: Bus, Service {
    package let confirmedLate: AsyncStream<BusTopic>
    package let statusChanges: AsyncStream<BusStatus>

    let configuration: RedisConfiguration
    let options: RedisBusOptions
    let identity: InstanceIdentity
    let time: any TimeSource
    let log: BusLog
    let metrics: BusMetrics
    let eventLoop: any EventLoop
    package let taskExecutor: (any TaskExecutor)?
    let onRestored: @Sendable () async -> Int
    let gate = ReadinessGate()
    let known = KnownServers()
    let core: Mutex<Core>
    /// Fires when the last hint is out.
    let idle: BusSignal
    /// Fires when received events were dropped.
    let overflow: BusSignal
    let late: AsyncStream<BusTopic>.Continuation
    let changes: AsyncStream<BusStatus>.Continuation
    /// Connections after which something is to be made up for; the latest one counts.
    let returns: AsyncStream<Return>
    let returned: AsyncStream<Return>.Continuation
    private let ids: any IDGenerator
    private let codec: BusEnvelopeCodec
    private let inbox: BusInbox

    /// The bus is there after it was not.
    struct Return: Sendable {
        let link: RedisLink
        /// How long it was lost; nil where it was never there before.
        let down: Duration?
    }

    struct Core {
        var state: BusState
        var outgoing: OutgoingHints<BusHint>
        /// What this instance follows with targeted routing.
        var subscriptions = BusSubscriptions<BusSignal>()
        var recentIDs = RecentIDs()
        var hasToldRouting = false
        /// For the time between attempts to connect.
        var random: any RandomNumberGenerator & Sendable
        var dropped = LossReport()
        var receiveDropped = LossReport()
        var rejections = WindowCounter(limit: 20, window: .seconds(1))
        var failures = WindowCounter(limit: 20, window: .seconds(1))
        var lastConnectError: RedisError?
    }

    /// - Parameters:
    ///   - identity: this instance and this life of it; goes with each hint.
    ///   - ids: makes the hints' ids.
    ///   - logger: labelled `RedisBus`.
    ///   - random: spreads the attempts to connect.
    ///   - onRestored: called whenever hints may have been missed, the bus being up again; answers how much was made up for. It should heed cancellation, as
    ///     the end waits for it; the watch over the connection doesn't.
    package init(
        configuration: RedisConfiguration,
        options: RedisBusOptions = RedisBusOptions(),
        identity: InstanceIdentity,
        ids: any IDGenerator,
        time: any TimeSource,
        logger: Logger,
        metrics: any MetricsFactory = MetricsSystem.factory,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
        onRestored: @escaping @Sendable () async -> Int = { 0 }
    ) {
        self.configuration = configuration
        self.options = options
        self.identity = identity
        self.ids = ids
        self.time = time
        self.onRestored = onRestored
        self.metrics = BusMetrics(factory: metrics)
        log = BusLog(logger: logger)
        let eventLoop = group.next()
        self.eventLoop = eventLoop
        taskExecutor = EventLoopTaskExecutor(eventLoop: eventLoop)
        codec = BusEnvelopeCodec(secret: options.secret, routing: options.routing)
        let state = BusState(isRequired: options.isRequired, probeInterval: options.probeInterval, probeTimeout: options.probeTimeout)
        core = Mutex(Core(state: state, outgoing: OutgoingHints(limit: options.queueLimit), random: random))
        inbox = BusInbox(limit: options.receiveLimit)
        (confirmedLate, late) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(options.lateLimit))
        (statusChanges, changes) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(64))
        (returns, returned) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        idle = BusSignal()
        overflow = BusSignal()
    }

    package func events(_ family: BusFamily) -> AsyncStream<BusDelivery> {
        inbox.events(family)
    }

    package var status: BusStatus {
        core.withLock { $0.state.status }
    }

    /// Whether Redis is a cluster, where a script's keys have to be of one hash slot.
    package var isClustered: Bool { configuration.isClustered }

    /// How many hints wait to be published, or for the answer to it.
    package var waitingHints: Int {
        core.withLock { $0.outgoing.count }
    }

    /// How long ago a probe last came back over the subscription; nil while there is none.
    package var probeAge: Duration? {
        let now = time.uptime()
        return core.withLock { $0.state.probeAge(at: now) }
    }

    /// Waits until the bus is connected or the time for that is over, which `run` decides. To be called before the server listens.
    ///
    /// - Throws: where the bus is required and was not reached; `run` throws the same.
    package func waitUntilReady() async throws(BusStartError) -> BusReadiness {
        try await gate.wait().get()
    }

    package func publish(_ event: BusEvent) {
        publish(event, trace: nil)
    }

    package func publish(_ event: BusEvent, trace: TraceParent?) {
        guard core.withLock({ $0.state.acceptsHints }) else { return }
        let delivery = BusDelivery(event: event, eventID: ids.next(BusEventID.self), origin: identity, trace: trace)
        let hints = BusHint.hints(for: delivery, codec: codec, routing: options.routing)
        let now = time.uptime()
        let (link, dropped, report) = core.withLock { core -> (RedisLink?, Int, Int?) in
            // Asked again: it may have been given up since, and then its queue is emptied no more.
            guard core.state.acceptsHints else { return (nil, 0, nil) }
            // Who types is of no use a little later: it must not push out anything else.
            if event.isFleeting, core.outgoing.isSlow { return (nil, hints.count, nil) }
            let dropped = hints.reduce(0) { $0 + core.outgoing.offer($1, bytes: $1.payload.count) }
            let report = core.dropped.add(dropped, at: now)
            return (core.outgoing.linkToDrain(), dropped, report)
        }
        if dropped > 0 { metrics.dropped.increment(by: dropped) }
        if let report { log.publishDropped(report) }
        guard let link else { return }
        if eventLoop.inEventLoop { drain(link) } else { eventLoop.execute { self.drain(link) } }
    }

    /// Writes what the window allows. On the link's event loop.
    func drain(_ link: RedisLink) {
        while let (hint, ticket) = core.withLock({ $0.outgoing.next(over: link) }) {
            let command = RedisCommand.publish(hint.payload, to: hint.channel, isSharded: isClustered && hint.isForTopic)
            link.send(command) { self.published(hint, ticket, over: link, $0) }
        }
    }

    /// What came over a subscription. On the link's event loop.
    func receive(channel: String, payload: [UInt8]) {
        guard let family = BusChannel(subscribed: channel) else { return probeReturned(payload) }
        metrics.received.increment()
        do throws(BusRejection) {
            let (delivery, routing) = try codec.open(payload, from: family)
            compareRouting(routing, of: delivery.origin)
            if delivery.origin != identity { metrics.received(age: time.now() - delivery.eventID.time) }
            if isNew(delivery) { deliver(delivery) }
        } catch {
            metrics.rejected(error)
            let now = time.uptime()
            if core.withLock({ !$0.rejections.exceeds(at: now) }) { log.messageRejected(error) }
        }
    }

    func finishStreams() {
        inbox.finish()
        late.finish()
        changes.finish()
        returned.finish()
        idle.finish()
        overflow.finish()
    }

    private func published(
        _ hint: BusHint,
        _ ticket: PublishTicket,
        over link: RedisLink,
        _ result: Result<RedisReply, RedisError>
    ) {
        // An answer that comes when the link is given up changes nothing: its hints wait for the next one.
        guard core.withLock({ $0.outgoing.link === link }) else { return }
        let refusal: String?
        switch result {
        case .success(let reply): refusal = reply.errorCode
        case .failure(let error) where error.code == .overloaded: refusal = "OVERLOADED"
        case .failure: return
        }
        if let refusal {
            metrics.failed.increment()
            let now = time.uptime()
            if core.withLock({ !$0.failures.exceeds(at: now) }) { log.publishFailed(channel: hint.channel, code: refusal) }
        } else {
            metrics.published.increment()
            if hint.isLogged { log.published(hint) }
        }
        let (isIdle, drainable) = core.withLock { $0.outgoing.complete(ticket, over: link) }
        if isIdle { idle.fire() }
        drainable.map(drain)
    }

    private func deliver(_ delivery: BusDelivery) {
        guard case .dropped = inbox.yield(delivery) else { return }
        metrics.receiveDropped.increment()
        let now = time.uptime()
        if let count = core.withLock({ $0.receiveDropped.add(1, at: now) }) { log.receiveDropped(count) }
        overflow.fire()
    }

    /// Another life of the same instance may probe on the same channel: only this one's count.
    private func probeReturned(_ payload: [UInt8]) {
        guard payload.elementsEqual(identity.boot.utf8) else { return }
        let now = time.uptime()
        core.withLock { $0.state.probeReturned(at: now) }
    }
}

extension BusEvent {
    /// Whether the event is worth nothing unless it comes at once.
    fileprivate var isFleeting: Bool {
        guard case .chat(.typing) = self else { return false }
        return true
    }
}
