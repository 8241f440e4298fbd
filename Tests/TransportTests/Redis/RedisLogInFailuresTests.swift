import Actors
import LocalCluster
import Logging
import TestSupport
import Testing
import Transport

@Suite("Failed log-ins are counted in Redis", .fewAtOnce, .timeLimit(.minutes(1)))
struct RedisLogInFailuresTests {
    private let name = LogInKey.name("ada")
    private let address = LogInKey.address("192.0.2.1")

    /// Two instances' counts in one Redis.
    private func withPair(
        limit: Int = LogInLimit.failures,
        window: Duration = LogInLimit.window,
        logger: Logger = Logger(label: "Session") { _ in SwiftLogNoOpLogHandler() },
        _ body: @Sendable (_ server: RedisServer, _ a: RedisLogInFailures, _ b: RedisLogInFailures) async throws -> Void
    ) async throws {
        let server = try await RedisServer.start()
        let (a, b) = (try BusFixture(server.url, instance: "A"), try BusFixture(server.url, instance: "B"))
        try await doing {
            try await a.running {
                try await b.running {
                    _ = try await a.bus.waitUntilReady()
                    _ = try await b.bus.waitUntilReady()
                    try await body(
                        server,
                        RedisLogInFailures(executor: a.bus, limit: limit, window: window, logger: logger),
                        RedisLogInFailures(executor: b.bus, limit: limit, window: window, logger: logger)
                    )
                }
            }
        } finally: {
            await server.stop()
        }
    }

    @Test("Those of two instances go together; a key that must wait isn't counted further, nor what comes after it")
    func together() async throws {
        try await withPair { server, a, b in
            for failures in [a, b] {
                for _ in 0..<5 {
                    #expect(await failures.delay(for: [address, name]) == nil)
                    #expect(await failures.noteFailure(of: [name]) == nil)
                }
            }
            for failures in [a, b] {
                let delay = try #require(await failures.delay(for: [address, name]))
                #expect(delay > .seconds(240) && delay <= .seconds(300))
                #expect(await failures.delay(for: [address]) == nil)
                let refused = await failures.noteFailure(of: [name, address])
                #expect(refused != nil)
            }
            let keys = try await server.command("KEYS", "login_failures:*").split(separator: "\n").map(String.init)
            #expect(keys.count == 1)
            let key = try #require(keys.first)
            #expect(key.wholeMatch(of: /login_failures:name:[0-9a-f]{64}/) != nil)
            #expect(try await server.command("LLEN", key) == "10")
            let lifetime = try #require(Int(try await server.command("PTTL", key)))
            #expect((1...300_000).contains(lifetime))
        }
    }

    @Test("A failure that is past counts no more, and leaves nothing behind")
    func past() async throws {
        try await withPair(limit: 2, window: .milliseconds(400)) { server, a, b in
            for _ in 0..<2 { #expect(await a.noteFailure(of: [name]) == nil) }
            #expect(await b.delay(for: [name]) != nil)
            while await b.delay(for: [name]) != nil {}
            #expect(await b.noteFailure(of: [name]) == nil)
            while try await server.command("EXISTS", "login_failures:name:\(SampleDigest.ada)") == "1" {}
        }
    }

    @Test("Of guesses at the same time ten are counted")
    func atOnce() async throws {
        try await withPair { _, a, b in
            let admitted = await withTaskGroup(of: Bool.self) { group in
                for index in 0..<60 {
                    let failures = index.isMultiple(of: 2) ? a : b
                    group.addTask { await failures.noteFailure(of: [address]) == nil }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(admitted == 10)
        }
    }

    @Test("Where Redis hangs, is away or has something else there, everybody passes, and the log says so without a name")
    func silent() async throws {
        let lines = Recorder<RecordedLine>()
        try await withPair(logger: Logger(label: "Session") { _ in RecordingLogHandler(lines) }) { server, a, b in
            try await server.command("SET", "login_failures:name:\(SampleDigest.ada)", "x")
            #expect(await a.noteFailure(of: [name]) == nil)
            #expect(await a.delay(for: [name]) == nil)
            server.pause()
            let began = ContinuousClock.now
            #expect(await b.noteFailure(of: [address, name]) == nil)
            #expect(ContinuousClock.now - began < .seconds(5))
            server.resume()
            await server.kill()
            #expect(await b.delay(for: [address, name]) == nil)
        }
        let told = lines.elements.filter { $0.event == "log_in_limit_local" }
        #expect(told.count >= 3)
        #expect(!told.contains { "\($0.metadata)".contains("ada") || "\($0.metadata)".contains("192.0.2.1") })
    }
}

private enum SampleDigest {
    /// SHA-256 of "ada".
    static let ada = "fdee430d40bd57deeac186cd9790033d0f06f909a8806e7ce6e717ab7c7d5029"
}
