import Actors
import LocalCluster
import TestSupport
import Transport

/// One instance's directory on a real Redis, with the bus that it needs.
struct PresenceFixture: Sendable {
    let bus: BusFixture
    let directory: RedisPresence
    let identity: InstanceIdentity

    init(_ server: RedisServer, instance: String, boot: String? = nil, expiry: Duration = .seconds(86_400)) throws {
        bus = try BusFixture(server.url, instance: instance)
        identity = InstanceIdentity(instanceID: instance, boot: boot ?? "boot-\(instance)")
        directory = RedisPresence(bus: bus.bus, identity: identity, expiry: expiry, time: RealTime())
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

extension RedisServer {
    /// The members of a set, in order.
    func members(_ key: String) async throws -> [String] {
        try await command("SMEMBERS", key).split(separator: "\n").map(String.init).filter { !$0.isEmpty }.sorted()
    }

    /// What is stored under a key; empty for nothing.
    func text(_ key: String) async throws -> String {
        try await command("GET", key).split(separator: "\n").first.map(String.init) ?? ""
    }
}
