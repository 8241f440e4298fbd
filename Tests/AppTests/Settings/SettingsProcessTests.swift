import LocalCluster
import TestSupport
import Testing

@testable import App

@Suite("A server with a wrong setting ends before it does anything")
struct SettingsProcessTests {
    @Test(
        "One line on standard error and status 78",
        arguments: [
            ["PORT": "abc"], ["JWT_SECRET": "short"], ["NODE_ENV": "production", "SCRYPT_LOG_N": "4"],
            ["DB_URI": "mongodb:u:hunter2@h/d"], ["DB_URI": "mongodb://u:hunter2@h/x?foo=%zz"], ["HOST": "999.1.1.1"],
            ["HOST": "no.such.host.invalid"], ["HOST": "192.0.2.1"], ["REDIS_URL": "rediss://h", "REDIS_CA_FILE": "/etc/passwd"],
        ]
    )
    func wrongSetting(variables: [String: String]) async throws {
        let server = try ServerProcess(environment: variables)
        #expect(try await server.waitForExit() == .exited(78))
        #expect(server.log.count == 1)
        #expect(server.log.first?.hasPrefix("switchboard: ") == true)
        #expect(server.log.first?.contains("hunter2") == false)
        #expect(variables.keys.contains { server.log.first?.contains("\($0) must be ") == true })
    }
}
