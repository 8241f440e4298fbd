import LocalCluster
import Testing

@testable import App

/// The stores that two instances are tested on.
enum ClusterStore: String, CaseIterable, CustomTestStringConvertible {
    case sqlite
    case mongodb

    var testDescription: String { rawValue }

    /// A redis-server and two instances for the time of `body`.
    ///
    /// - Parameter environment: for both instances.
    func withCluster(_ environment: [String: String] = [:], _ body: (SpawnedCluster) async throws -> Void) async throws {
        let mongoURI = self == .mongodb ? try await SharedMongo.uri : nil
        let cluster = try await SpawnedCluster.start(environment: environment, mongoURI: mongoURI)
        try await doing {
            try await body(cluster)
        } finally: {
            await cluster.stop()
        }
    }
}
