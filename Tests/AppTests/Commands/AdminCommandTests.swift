import AsyncHTTPClient
import LocalCluster
import Testing
import Transport

@testable import App

@Suite("switchboard admin works without a server and is heard by running ones", .inTurn)
struct AdminCommandTests {
    private func admin(_ arguments: String..., in cluster: SpawnedCluster? = nil, at directory: TemporaryDirectory) throws -> ServerProcess
    {
        try ServerProcess(
            environment: ["REDIS_URL": cluster?.redis.url ?? ""],
            arguments: ["admin"] + arguments,
            directory: directory
        )
    }

    /// `admin create` with a password on its standard input.
    private func create(_ name: String, password: String, at directory: TemporaryDirectory) async throws -> ProcessRecord.Exit {
        let process = try ChildProcess(
            executable: "/bin/sh",
            arguments: ["-c", #"echo "$1" | "$2" admin create "$3""#, "sh", password, try ServerProcess.program(), name],
            environment: [
                "DB_URI": "sqlite:\(directory.path(of: "switchboard.db"))", "NODE_ENV": "test", "SCRYPT_LOG_N": "4",
                "JWT_SECRET": ServerProcess.tokenSecret,
            ],
            directory: directory.path
        )
        return try await process.waitForExit()
    }

    @Test func makesListsBansAndUnbans() async throws {
        let directory = try TemporaryDirectory()
        #expect(try await create("root", password: "correct horse", at: directory) == .exited(0))
        #expect(try await create("ROOT", password: "correct horse", at: directory) == .exited(1))
        #expect(try await create("other", password: "short", at: directory) == .exited(1))
        let ban = try admin("ban", "root", at: directory)
        #expect(try await ban.waitForExit() == .exited(0))
        let list = try admin("list", "--admins", at: directory)
        #expect(try await list.waitForExit() == .exited(0))
        #expect(list.output.map { $0.drop { $0 != " " } } == [" root admin suspended"])
        let unban = try admin("unban", "root", at: directory)
        #expect(try await unban.waitForExit() == .exited(0))
        let unknown = try admin("ban", "nobody", at: directory)
        #expect(try await unknown.waitForExit() == .exited(1))
        #expect(unknown.log.last == "switchboard: there is no account nobody")
    }

    @Test func aBanClosesConnectionsOfRunningInstances() async throws {
        let cluster = try await SpawnedCluster.start()
        let client = APIClient(http: .shared, base: cluster.urlA)
        let alice = try await client.register("alice", password: "correct horse")
        let live = try await LiveClient.connect(to: cluster.urlB, token: alice.token)
        let ban = try admin("ban", alice.userID, "--reason", "spam", in: cluster, at: cluster.directory)
        #expect(try await ban.waitForExit() == .exited(0))
        #expect(try await live.closed().code == 4003)
        await cluster.stop()
    }
}
