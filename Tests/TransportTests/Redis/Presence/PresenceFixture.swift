import Actors
import LocalCluster
import TestSupport
import Transport

/// The machine's clocks, but for the uptime: no look at the leases takes too long.
struct UnhurriedTime: TimeSource {
    func now() -> Timestamp { RealTime().now() }
    func uptime() -> Duration { .zero }
    func sleep(for duration: Duration) async throws { try await RealTime().sleep(for: duration) }
}

/// One instance's directory on a real Redis, with the bus that it needs.
struct PresenceFixture: Sendable {
    let bus: BusFixture
    let directory: RedisPresence
    let executor: ObservedExecutor
    let identity: InstanceIdentity

    init(
        _ place: PresencePlace,
        instance: String,
        boot: String? = nil,
        expiry: Duration = .seconds(86_400),
        time: any TimeSource = UnhurriedTime()
    ) throws {
        bus = try BusFixture(place.url, instance: instance)
        identity = InstanceIdentity(instanceID: instance, boot: boot ?? "boot-\(instance)")
        executor = ObservedExecutor(bus.bus)
        directory = RedisPresence(
            bus: bus.bus,
            executor: executor,
            // One Redis can have the keys of a cluster; a cluster can have no others.
            layout: place.group == nil ? place.layout : nil,
            identity: identity,
            expiry: expiry,
            time: time
        )
    }

    func report(_ number: Int = 0) -> InstanceReport {
        let time = Timestamp(milliseconds: 1_767_873_600_000)
        return InstanceReport(
            instanceID: identity.instanceID,
            version: "1",
            host: "host-\(identity.boot)",
            startedAt: time,
            heartbeatAt: time.advanced(by: .seconds(number)),
            connections: number,
            users: number,
            bus: "ok",
            store: "ok"
        )
    }

    /// Runs the bus, and `body` once it is connected.
    func running<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        try await bus.running {
            _ = try await bus.bus.waitUntilReady()
            return try await body()
        }
    }

    /// The presence events that came over the bus, once there are `count`.
    func events(_ count: Int) async -> [PresenceEvent] {
        let deliveries = await bus.deliveries.wait { $0.count { $0.presence != nil } >= count }
        return deliveries.compactMap(\.presence)
    }
}

extension PresentUser {
    static func sample(_ name: String = "ada", avatar: String? = nil) -> PresentUser {
        PresentUser(userID: Sample.ids.next(UserID.self), username: name, avatar: avatar)
    }
}
