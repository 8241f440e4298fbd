import LocalCluster
import TestSupport
import Testing
import Transport

@Suite("Redis is reached with passwords, over sockets and TLS", .fewAtOnce, .timeLimit(.minutes(1)))
struct RedisAccessTests {
    private func roundTrip(_ url: String, caFile: String? = nil) async throws -> Duration {
        var configuration = try RedisConfiguration(url: url)
        configuration.caFile = caFile
        return try await RedisProbe(configuration: configuration, time: RealTime()).roundTrip()
    }

    private func failure(_ url: String, caFile: String? = nil) async throws -> RedisError {
        do {
            _ = try await roundTrip(url, caFile: caFile)
        } catch let error as RedisError {
            return error
        }
        throw Unexpected()
    }

    @Test func withPasswordAndUserName() async throws {
        var options = RedisServer.Options()
        options.password = "S3cret/default"
        options.users = ["alice on >S3cret@alice &* +@all", "mute on >S3cret &* +@all -publish", "deaf on >S3cret &other +@all"]
        let server = try await RedisServer.start(options)
        let host = "127.0.0.1:\(server.port)"
        #expect(try await roundTrip("redis://:S3cret%2Fdefault@\(host)") > .zero)
        #expect(try await roundTrip("redis://alice:S3cret%40alice@\(host)/2") > .zero)
        for (url, code, word) in [
            ("redis://:S3cret@\(host)", RedisError.Code.authentication, "WRONGPASS"),
            ("redis://bob:S3cret@\(host)", .authentication, "WRONGPASS"),
            ("redis://\(host)", .authentication, "NOAUTH"),
            ("redis://alice:S3cret%40alice@\(host)/99", .refused, "SELECT"),
            ("redis://mute:S3cret@\(host)", .refused, "PUBLISH"),
            ("redis://deaf:S3cret@\(host)", .refused, "SUBSCRIBE"),
        ] {
            let error = try await failure(url)
            #expect(error.code == code)
            #expect(error.description.contains(word))
            #expect(!String(reflecting: error).contains("S3cret"))
        }
        await server.stop()
    }

    @Test func withAPasswordThatTheServerDoesNotWant() async throws {
        let server = try await RedisServer.start()
        let error = try await failure("redis://:S3cret@127.0.0.1:\(server.port)")
        #expect(error.code == .authentication)
        #expect(!String(reflecting: error).contains("S3cret"))
        await server.stop()
    }

    @Test func overAUnixSocket() async throws {
        var options = RedisServer.Options()
        options.usesSocket = true
        let server = try await RedisServer.start(options)
        #expect(try await roundTrip("unix://\(server.socketPath)?db=1") > .zero)
        let error = try await failure("unix://\(server.socketPath).not")
        #expect(error == RedisError(.unavailable, "no such socket"))
        await server.stop()
    }

    @Test func overTLSWithATrustedCertificateOfThatName() async throws {
        var options = RedisServer.Options()
        options.usesTLS = true
        let server = try await RedisServer.start(options)
        #expect(try await roundTrip("rediss://localhost:\(server.port)", caFile: server.caFile) > .zero)
        #expect(try await roundTrip("rediss://127.0.0.1:\(server.port)", caFile: server.caFile) > .zero)
        let untrusted = RedisError(.tls, "TLS: the server's certificate is not trusted")
        #expect(try await failure("rediss://localhost:\(server.port)") == untrusted)
        #expect(try await failure("rediss://localhost:\(server.port)", caFile: server.caFile + ".not").code == .tls)
        await server.stop()
    }

    @Test(arguments: ["localhost", "127.0.0.1"])
    func notOverTLSWithACertificateOfAnotherName(host: String) async throws {
        var options = RedisServer.Options()
        options.usesTLS = true
        options.certificateNames = "DNS:elsewhere.example,IP:127.0.0.2"
        let server = try await RedisServer.start(options)
        let error = try await failure("rediss://\(host):\(server.port)", caFile: server.caFile)
        #expect(error == RedisError(.tls, "TLS: the server's certificate is for another name"))
        await server.stop()
    }

    @Test func whereNobodyListens() async throws {
        let port = try ReservedPort()
        defer { withExtendedLifetime(port) {} }
        #expect(try await failure("redis://127.0.0.1:\(port.number)") == RedisError(.unavailable, "connection refused"))
        #expect(try await failure("redis://no-such-host.invalid:\(port.number)").code == .unavailable)
    }

    @Test func whereSomethingElseListens() async throws {
        var options = RedisServer.Options()
        options.usesTLS = true
        let server = try await RedisServer.start(options)
        let error = try await failure("redis://127.0.0.1:\(server.port)")
        #expect([.closed, .protocolViolation, .unavailable].contains(error.code))
        await server.stop()
    }
}
