import FoundationEssentials
import LocalCluster
import Testing

@testable import App

@Suite("switchboard verify proves a cluster", .inTurn, .timeLimit(.minutes(4)))
struct VerifyCommandTests {
    @Test("With redis and instances of its own every row passes", arguments: ClusterStore.allCases)
    func spawned(store: ClusterStore) async throws {
        let database = store == .mongodb ? ["--db", try await SharedMongo.uri] : []
        let verify = try ServerProcess(arguments: ["verify", "--spawn"] + database)
        #expect(try await verify.waitForExit(timeout: .seconds(100)) == .exited(0))
        #expect(verify.output.last == "24 PASS, 0 FAIL, 0 SKIP", "\(verify.output.joined(separator: "\n"))")
        #expect(verify.output.count { $0.contains(" PASS  ") } == 24)
    }

    @Test("With targeted routing too")
    func targeted() async throws {
        let verify = try ServerProcess(environment: ["BUS_ROUTING": "targeted"], arguments: ["verify", "--spawn"])
        #expect(try await verify.waitForExit(timeout: .seconds(100)) == .exited(0))
        #expect(verify.output.last == "24 PASS, 0 FAIL, 0 SKIP", "\(verify.output.joined(separator: "\n"))")
    }

    @Test("On running instances, with the admin's password in a file, as compose.yaml does it: rows that need more are left out")
    func given() async throws {
        let cluster = try await SpawnedCluster.start()
        let file = cluster.directory.path(of: "admin_password")
        try "\(cluster.adminPassword)\n".write(toFile: file, atomically: false, encoding: .utf8)
        let environment = ["ADMIN_USERNAME": SpawnedCluster.adminName, "ADMIN_PASSWORD_FILE": file]
        let verify = try ServerProcess(
            environment: environment,
            arguments: ["verify", "--a=\(cluster.urlA)", "--b=\(cluster.urlB)"]
        )
        #expect(try await verify.waitForExit(timeout: .seconds(100)) == .exited(0))
        #expect(verify.output.last == "16 PASS, 0 FAIL, 8 SKIP", "\(verify.output.joined(separator: "\n"))")
        await cluster.stop()
    }

    @Test("Instances that aren't there are a failure")
    func nobodyThere() async throws {
        let port = try ReservedPort()
        defer { withExtendedLifetime(port) {} }
        let url = "http://127.0.0.1:\(port.number)"
        let environment = ["ADMIN_USERNAME": "root", "ADMIN_PASSWORD": "correct horse battery"]
        let verify = try ServerProcess(environment: environment, arguments: ["verify", "--a", url, "--b", url])
        #expect(try await verify.waitForExit(timeout: .seconds(60)) == .exited(1))
        #expect(!(verify.output + verify.log).contains { $0.contains("correct horse") })
    }
}
