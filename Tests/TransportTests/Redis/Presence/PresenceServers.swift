import Actors
import LocalCluster
import Testing
import Transport

/// Where a test's presence is kept, and how.
enum PresenceServers: Sendable, CustomTestStringConvertible {
    case single
    /// One Redis with the keys of a cluster.
    case slots
    /// A cluster that goes on after the test.
    case cluster(RedisClusterGroup)

    /// What a test's own server may be like.
    static let own: [Self] = [.single, .slots]

    var testDescription: String {
        switch self {
        case .single: "single"
        case .slots: "slots"
        case .cluster: "cluster"
        }
    }

    private func start() async throws -> PresencePlace {
        switch self {
        case .single: PresencePlace(layout: .single, servers: [try await RedisServer.start()], group: nil)
        case .slots: PresencePlace(layout: .cluster, servers: [try await RedisServer.start()], group: nil)
        case .cluster(let group): PresencePlace(layout: .cluster, servers: group.primaries, group: group)
        }
    }
}

extension PresenceServers {
    /// What a test does with the servers and two instances' directories there.
    typealias Body = @Sendable (_ place: PresencePlace, _ a: PresenceFixture, _ b: PresenceFixture) async throws -> Void

    /// Has the servers there for as long as `body` takes.
    func withPlace(_ body: @Sendable (_ place: PresencePlace) async throws -> Void) async throws {
        let place = try await start()
        try await doing {
            try await body(place)
        } finally: {
            await place.stop()
        }
    }

    /// Has the instance A connected to the servers for as long as `body` takes.
    func withInstance(
        expiry: Duration = .seconds(86_400),
        _ body: @Sendable (_ place: PresencePlace, _ a: PresenceFixture) async throws -> Void
    ) async throws {
        try await withPlace { place in
            let a = try PresenceFixture(place, instance: "A", expiry: expiry)
            try await a.running { try await body(place, a) }
        }
    }

    /// Has the instances A and B connected to the servers for as long as `body` takes.
    func withInstances(_ body: Body) async throws {
        try await withPlace { place in
            let a = try PresenceFixture(place, instance: "A")
            let b = try PresenceFixture(place, instance: "B")
            try await a.running { try await b.running { try await body(place, a, b) } }
        }
    }

    /// Has two processes of these boots, both as the instance A, connected to the servers for as long as `body` takes.
    func withLives(_ first: String, _ second: String, _ body: Body) async throws {
        try await withPlace { place in
            let first = try PresenceFixture(place, instance: "A", boot: first)
            let second = try PresenceFixture(place, instance: "A", boot: second)
            try await first.running { try await second.running { try await body(place, first, second) } }
        }
    }
}
