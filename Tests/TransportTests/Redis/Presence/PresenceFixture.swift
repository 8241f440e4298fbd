import Actors
import LocalCluster
import TestSupport
import Transport

/// One instance's directory on a real Redis, with the bus that it needs.
struct PresenceFixture: Sendable {
    let bus: BusFixture
    let directory: RedisPresence
    let executor: ObservedExecutor
    let identity: InstanceIdentity
    private let others: [BusFixture]

    init(_ place: PresencePlace, instance: String, boot: String? = nil, expiry: Duration = .seconds(86_400)) throws {
        bus = try BusFixture(place.servers[0].url, instance: instance)
        others = try place.servers.dropFirst().map { try BusFixture($0.url, instance: instance) }
        identity = InstanceIdentity(instanceID: instance, boot: boot ?? "boot-\(instance)")
        let buses = ([bus] + others).map(\.bus)
        executor = ObservedExecutor(RoutedExecutor(buses: Array(zip(place.servers.map(\.port), buses))))
        directory = RedisPresence(
            bus: bus.bus,
            executor: executor,
            layout: place.layout,
            identity: identity,
            expiry: expiry,
            time: RealTime()
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
        try await withThrowingTaskGroup(of: Void.self) { group in
            for other in others { group.addTask { try await other.bus.run() } }
            defer { group.cancelAll() }
            return try await bus.running {
                for fixture in [bus] + others { _ = try await fixture.bus.waitUntilReady() }
                return try await body()
            }
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
