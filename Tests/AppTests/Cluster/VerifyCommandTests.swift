import LocalCluster
import Testing

@Suite("switchboard verify proves a cluster", .inTurn, .timeLimit(.minutes(4)))
struct VerifyCommandTests {
    @Test("With redis and instances of its own every row passes", arguments: ClusterStore.allCases)
    func spawned(store: ClusterStore) async throws {
        let database = store == .mongodb ? ["--db", try await SharedMongo.uri] : []
        let verify = try ServerProcess(arguments: ["verify", "--spawn"] + database)
        #expect(try await verify.waitForExit(timeout: .seconds(100)) == .exited(0))
        #expect(verify.output.last == "22 PASS, 0 FAIL, 0 SKIP", "\(verify.output.joined(separator: "\n"))")
        #expect(verify.output.count { $0.contains(" PASS  ") } == 22)
    }

    @Test("With targeted routing too")
    func targeted() async throws {
        let verify = try ServerProcess(environment: ["BUS_ROUTING": "targeted"], arguments: ["verify", "--spawn"])
        #expect(try await verify.waitForExit(timeout: .seconds(100)) == .exited(0))
        #expect(verify.output.last == "22 PASS, 0 FAIL, 0 SKIP", "\(verify.output.joined(separator: "\n"))")
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
