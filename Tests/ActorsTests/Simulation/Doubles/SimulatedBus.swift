import Actors
import TestSupport

/// What can be wrong between an instance and the bus.
enum BusFault: Hashable, CaseIterable {
    /// Gone; noticed at once.
    case isDown
    /// Silently dead; noticed after four seconds.
    case hangs
    case drops
    case doubles
    /// Hints take up to a second and a half, and overtake each other.
    case isSlow
}

/// One instance's bus: publishes to the others through `BusNetwork`.
final class SimulatedBus: Bus, @unchecked Sendable {
    // Touched by the scheduler's thread only.
    private static let noticedAfter = Duration.seconds(4)
    private static let confirmedWithin = Duration.milliseconds(500)

    let identity: InstanceIdentity
    let confirmedLate: AsyncStream<BusTopic>
    private let late: AsyncStream<BusTopic>.Continuation
    let statusChanges: AsyncStream<BusStatus>
    private let changes: AsyncStream<BusStatus>.Continuation
    private let network: BusNetwork
    fileprivate let freezer: Freezer
    private let time: any TimeSource
    private let inbox = BusInbox(limit: 10_000)
    private(set) var status = BusStatus.connected
    private var faults: [BusFault] = []
    private var queue: [BusEvent] = []
    /// Topics that are subscribed to, with how often that was asked for.
    private var topics: [BusTopic: Int] = [:]
    private var isCut = false
    /// Since when nothing is wrong; nil where nothing has ever been.
    private var soundSince: Duration?
    /// Called when hints travel again.
    var onRestored: @Sendable () -> Void = {}

    init(_ identity: InstanceIdentity, network: BusNetwork, time: any TimeSource, freezer: Freezer) {
        self.identity = identity
        self.network = network
        self.time = time
        self.freezer = freezer
        (confirmedLate, late) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1_024))
        (statusChanges, changes) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(64))
    }

    /// Whether what is published leaves, and what others publish arrives.
    var carries: Bool { !isCut && !faults.contains(.isDown) && !faults.contains(.hangs) }

    func has(_ fault: BusFault) -> Bool {
        faults.contains(fault)
    }

    /// Whether nothing has been wrong for at least `duration`.
    func isSound(for duration: Duration) -> Bool {
        faults.isEmpty && !isCut && soundSince.map { network.scheduler.now - $0 >= duration } ?? true && freezer.hasRun(for: duration)
    }

    /// From here to Redis, or back.
    func commandLatency() -> Duration {
        has(.isSlow) ? network.slowLatency() : network.latency()
    }

    func publish(_ event: BusEvent) {
        if status == .reconnecting {
            queue.append(event)
        } else if carries {
            network.send(event, from: self)
        }
    }

    func events(_ family: BusFamily) -> AsyncStream<BusDelivery> {
        inbox.events(family)
    }

    func receive(_ delivery: BusDelivery) {
        guard carries, status == .connected, hears(delivery.event) else { return }
        _ = inbox.yield(delivery)
    }

    func finish() {
        inbox.finish()
        late.finish()
        changes.finish()
    }

    /// The process has ended.
    func cut() {
        isCut = true
    }

    func begin(_ fault: BusFault) {
        faults.append(fault)
        switch fault {
        case .isDown: freezer.run { if self.has(.isDown) { self.lose() } }
        case .hangs:
            network.scheduler.after(Self.noticedAfter) { self.freezer.run { if self.has(.hangs) { self.lose() } } }
        case .drops, .doubles, .isSlow: break
        }
    }

    func end(_ fault: BusFault) {
        guard let index = faults.firstIndex(of: fault) else { return }
        faults.remove(at: index)
        soundSince = network.scheduler.now
        guard carries, status == .reconnecting else { return }
        network.scheduler.after(network.latency()) { self.freezer.run { self.restore() } }
    }

    /// Redis has started again, and the connection with it: one that stood still meanwhile notices when it runs again.
    func noticeRestart() {
        freezer.run {
            guard self.status == .connected else { return }
            self.lose()
            guard self.carries else { return }
            self.network.scheduler.after(self.network.latency()) { self.freezer.run { self.restore() } }
        }
    }

    private func restore() {
        guard carries, status == .reconnecting else { return }
        status = .connected
        changes.yield(status)
        network.history.note("\(identity.instanceID) bus restored")
        for event in queue { network.send(event, from: self) }
        queue = []
        onRestored()
    }

    private func lose() {
        guard status == .connected else { return }
        status = .reconnecting
        changes.yield(status)
        network.history.note("\(identity.instanceID) bus lost")
    }
}

// MARK: - Targeted routing

extension SimulatedBus {
    func follow(_ topic: BusTopic) async {
        guard network.isTargeted else { return }
        guard status == .connected else {
            topics[topic, default: 0] += 1
            return
        }
        // The confirmation takes its time, or doesn't come before the bus is found dead.
        let delay = carries ? network.confirmationDelay() : .seconds(10)
        if delay <= Self.confirmedWithin {
            try? await time.sleep(for: delay)
            topics[topic, default: 0] += 1
        } else {
            network.scheduler.after(min(delay, .seconds(2))) {
                self.topics[topic, default: 0] += 1
                self.freezer.run { self.late.yield(topic) }
            }
            try? await time.sleep(for: Self.confirmedWithin)
        }
    }

    func unfollow(_ topic: BusTopic) {
        topics[topic, default: 0] -= 1
    }

    private func hears(_ event: BusEvent) -> Bool {
        guard network.isTargeted else { return true }
        let wanted = event.topics
        return wanted.isEmpty || wanted.contains { topics[$0, default: 0] > 0 }
    }
}

/// Carries hints between the instances of a run; loses, doubles, delays and reorders them.
final class BusNetwork: @unchecked Sendable {
    // Touched by the scheduler's thread only.
    let scheduler: Scheduler
    let history: History
    let isTargeted: Bool
    private let mutation: Mutation?
    private var random: SeededGenerator
    private let ids: any IDGenerator
    private var buses: [SimulatedBus] = []
    /// A kick has arrived at an instance.
    var onKick: @Sendable (Kick, InstanceIdentity) -> Void = { _, _ in }

    init(_ scheduler: Scheduler, history: History, isTargeted: Bool, mutation: Mutation?, seed: UInt64) {
        self.scheduler = scheduler
        self.history = history
        self.isTargeted = isTargeted
        self.mutation = mutation
        random = SeededGenerator(seed: seed)
        ids = UUIDv7Generator(time: VirtualTime(scheduler), random: SeededGenerator(seed: seed &+ 1))
    }

    func connect(_ bus: SimulatedBus) {
        buses.append(bus)
    }

    func latency() -> Duration {
        .microseconds(Int64.random(in: 100...5_000, using: &random))
    }

    func slowLatency() -> Duration {
        .microseconds(Int64.random(in: 20_000...500_000, using: &random))
    }

    func confirmationDelay() -> Duration {
        Int.random(in: 0..<8, using: &random) == 0 ? .milliseconds(900) : latency()
    }

    func send(_ event: BusEvent, from sender: SimulatedBus) {
        for receiver in buses {
            let drops = sender.has(.drops) || receiver.has(.drops)
            if drops, Int.random(in: 0..<100, using: &random) < 40 { continue }
            let doubles = sender.has(.doubles) || receiver.has(.doubles)
            let count = doubles && Bool.random(using: &random) ? 2 : 1
            for _ in 0..<count {
                let isSlow = sender.has(.isSlow) || receiver.has(.isSlow)
                let delay = isSlow ? .microseconds(Int64.random(in: 0...1_500_000, using: &random)) : latency()
                let delivery = BusDelivery(event: mutated(event), eventID: ids.next(BusEventID.self), origin: sender.identity)
                scheduler.after(delay) { receiver.freezer.run { self.deliver(delivery, to: receiver) } }
            }
        }
    }

    private func deliver(_ delivery: BusDelivery, to receiver: SimulatedBus) {
        receiver.receive(delivery)
        guard case .kick(let kick) = delivery.event, receiver.carries, receiver.status == .connected else { return }
        onKick(kick, receiver.identity)
    }

    private func mutated(_ event: BusEvent) -> BusEvent {
        guard mutation == .lateBanClosesAll else { return event }
        switch event {
        case .kick(.ban(let user, _)): return .kick(.ban(user, authEpoch: .max))
        case .kick(.revokeAll(let user, _)): return .kick(.revokeAll(user, authEpoch: .max))
        default: return event
        }
    }
}
