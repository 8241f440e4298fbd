import LocalCluster
import TestSupport
import Testing

@Suite("switchboard check tries what a server needs")
struct CheckTests {
    @Test("Without Redis the store alone is tried")
    func storeAlone() async throws {
        let check = try ServerProcess(arguments: ["check"])
        #expect(try await check.waitForExit() == .exited(0))
        #expect(check.output.map { $0.prefix(14) } == ["PASS  settings", "SKIP  redis   ", "PASS  store   "])
        #expect(check.log.isEmpty)
    }

    @Test("What can't be reached fails, and no password is printed")
    func unreachable() async throws {
        let directory = try TemporaryDirectory()
        let variables = [
            "REDIS_URL": "redis://user:hunter2@127.0.0.1:1", "DB_URI": "sqlite:/proc/nowhere/chat.db", "BUS_INIT_TIMEOUT_MS": "2000",
        ]
        let check = try ServerProcess(environment: variables, arguments: ["check"], directory: directory)
        #expect(try await check.waitForExit() == .exited(1))
        #expect(check.output.map { $0.prefix(14) } == ["PASS  settings", "FAIL  redis   ", "FAIL  store   "])
        #expect(!(check.output + check.log).contains { $0.contains("hunter2") })
    }

    @Test("Settings that can't be used end it with status 78")
    func wrongSettings() async throws {
        let check = try ServerProcess(environment: ["PORT": "x"], arguments: ["check"])
        #expect(try await check.waitForExit() == .exited(78))
        #expect(check.output.isEmpty)
    }
}
