import FoundationEssentials
import Glibc
import LocalCluster
import Testing

@Suite("A killed server leaves nothing in shared memory")
struct SharedCountersTests {
    @Test("Its successor of the same process id would be warned of it on standard error")
    func killed() async throws {
        let server = try ServerProcess(environment: ["MONGOC_DISABLE_SHM": ""])
        _ = try await server.url()
        server.kill(SIGKILL)
        #expect(try await server.waitForExit() == .signalled(SIGKILL))
        #expect(!FileManager.default.fileExists(atPath: "/dev/shm/mongoc-\(server.processID)"))
    }
}
