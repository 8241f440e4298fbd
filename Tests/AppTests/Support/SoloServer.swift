import AsyncHTTPClient
import LocalCluster

@testable import App

/// One instance with settings of its own, without Redis unless they name one.
struct SoloServer: Sendable {
    let process: ServerProcess
    let url: String

    static func start(_ environment: [String: String] = [:], directory: TemporaryDirectory? = nil) async throws -> SoloServer {
        let process = try ServerProcess(environment: environment, directory: directory)
        return SoloServer(process: process, url: try await process.url())
    }

    /// Nobody in particular.
    var visitor: APIClient { APIClient(http: .shared, base: url) }
}
