import LocalCluster
import Testing

@testable import App

@Suite("A link can be cut, stalled and delayed")
struct FaultyLinkTests {
    @Test("What Redis is asked over it comes, comes later, or doesn't come until the link is open again")
    func modes() async throws {
        let redis = try await RedisServer.start()
        let link = try await FaultyLink.start(to: redis.port)
        let directory = try TemporaryDirectory()
        let ping: @Sendable () async throws -> String = {
            try await ToolRun.output(of: "redis-cli", ["-h", "127.0.0.1", "-p", "\(link.port)", "PING"], in: directory)
        }
        #expect(try await ping() == "PONG")
        try await link.set(.cut)
        await #expect(throws: ChildProcessError.self) { try await ping() }
        try await link.set(.delayed(.milliseconds(200)))
        let start = ContinuousClock.now
        #expect(try await ping() == "PONG")
        #expect(ContinuousClock.now - start >= .milliseconds(400))
        try await link.set(.stalled)
        async let stalled = timed(ping)
        // Long enough for an answer, were there one.
        try await Task.sleep(for: .milliseconds(300))
        let opened = ContinuousClock.now
        try await link.set(.open)
        let (answer, end) = try await stalled
        #expect(answer == "PONG")
        #expect(end > opened)
        await link.stop()
        await redis.stop()
    }

    /// What a command answers, and when it has.
    private func timed(_ command: @Sendable () async throws -> String) async throws -> (String, ContinuousClock.Instant) {
        (try await command(), ContinuousClock.now)
    }
}
