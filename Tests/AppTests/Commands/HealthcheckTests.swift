import Glibc
import LocalCluster
import Testing

@testable import App

@Suite("switchboard healthcheck says how the instance is", .inTurn, .timeLimit(.minutes(2)))
struct HealthcheckTests {
    @Test("0 while it is ready, 1 while it drains, when it hangs and when it is gone")
    func life() async throws {
        let server = try await SoloServer.start(["DRAIN_SECONDS": "60"])
        let ready = try await check(server)
        #expect(ready.exit == .exited(0))
        #expect(ready.lines.count == 1)
        #expect(ready.lines.first?.contains("/readyz: ok; bus disabled") == true)

        server.process.kill(SIGSTOP)
        let hung = try await check(server, ["--timeout", "1"])
        #expect(hung.exit == .exited(1))
        #expect(hung.lines.first?.contains("does not answer within 1 s") == true)
        server.process.kill(SIGCONT)

        let person = try await server.visitor.person()
        var wires: [Wire] = []
        for _ in 0..<8 { wires.append(try await Wire.welcomed(person, at: server.url)) }
        server.process.terminate()
        for wire in wires { try await wire.frame("GOAWAY") }
        let draining = try await check(server)
        #expect(draining.exit == .exited(1))
        #expect(draining.lines.first?.contains("answers 503: draining") == true)
        #expect(try await check(server, ["--live"]).exit == .exited(0))

        server.process.kill(SIGKILL)
        _ = try await server.process.waitForExit()
        let gone = try await check(server)
        #expect(gone.exit == .exited(1))
        #expect(gone.lines.count == 1)
    }

    @Test("It reads nothing that serve would need besides, and refuses a port that nobody knows")
    func settings() async throws {
        let server = try await SoloServer.start(["HOST": "0.0.0.0"])
        let port = String(server.url.split(separator: ":").last ?? "")
        let bare = ["PORT": port, "HOST": "0.0.0.0", "NODE_ENV": "production", "JWT_SECRET": "", "DB_URI": "", "SCRYPT_LOG_N": ""]
        let check = try ServerProcess(environment: bare, arguments: ["healthcheck"])
        #expect(try await check.waitForExit() == .exited(0))
        let unknown = try ServerProcess(environment: ["PORT": "0"], arguments: ["healthcheck"])
        #expect(try await unknown.waitForExit() == .exited(78))
    }

    private func check(
        _ server: SoloServer,
        _ arguments: [String] = []
    ) async throws -> (exit: ProcessRecord.Exit, lines: [String]) {
        let port = String(server.url.split(separator: ":").last ?? "")
        let process = try ServerProcess(environment: ["PORT": port], arguments: ["healthcheck"] + arguments)
        return (try await process.waitForExit(), process.output + process.log)
    }
}
