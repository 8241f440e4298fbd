import AsyncHTTPClient
import LocalCluster
import TestSupport
import Testing

@testable import App

/// Gives a suite a redis-server and two instances of its own, which end with it.
struct RunningCluster: SuiteTrait, TestScoping {
    @TaskLocal private static var spawned: SpawnedCluster?

    let environment: [String: String]

    /// The cluster of the suite that runs.
    static var current: SpawnedCluster {
        get throws { try #require(spawned) }
    }

    func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        try await InTurn.turns.take {
            let cluster = try await SpawnedCluster.start(environment: environment)
            try await doing {
                try await Self.$spawned.withValue(cluster) { try await function() }
            } finally: {
                await cluster.stop()
            }
        }
    }
}

/// Has suites that start servers wait for each other: all of them at once need more of a machine than their time limits allow for.
struct InTurn: SuiteTrait, TestScoping {
    static let turns = Turns(3)

    func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        try await Self.turns.take { try await function() }
    }
}

extension Trait where Self == InTurn {
    static var inTurn: Self { InTurn() }
}

extension Trait where Self == RunningCluster {
    /// A cluster for the suite.
    ///
    /// - Parameter environment: for both instances.
    static func cluster(_ environment: [String: String] = [:]) -> Self {
        RunningCluster(environment: environment)
    }
}

extension SpawnedCluster {
    /// Nobody in particular, at the first instance.
    var visitor: APIClient { APIClient(http: .shared, base: urlA) }

    /// The admin, logged in at the first instance.
    func admin() async throws -> APIClient {
        visitor.with(token: try await visitor.logIn(Self.adminName, password: adminPassword).token)
    }
}
