import Testing
import Transport

@Suite("A link to a Redis Cluster has one connection to each server that it needs")
struct RedisNodesTests {
    private typealias Nodes = RedisNodes<String, Int, String>

    /// What comes of wanting a connection, in short.
    private func word(_ use: Nodes.Use) -> String {
        switch use {
        case .now(let connection): "now \(connection)"
        case .open: "open"
        case .wait: "wait"
        case .refuse(let waiter): "refuse \(waiter)"
        }
    }

    @Test func thoseWhoWaitGetItInOrder() {
        var nodes = Nodes(limit: 3)
        #expect(["1", "2", "3", "4"].map { word(nodes.use("a", $0)) } == ["open", "wait", "wait", "refuse 4"])
        #expect(word(nodes.use("b", "5")) == "open")
        #expect(nodes.connections.isEmpty)
        #expect(nodes.opened("a", 7) == ["1", "2", "3"])
        #expect(word(nodes.use("a", "6")) == "now 7")
        #expect(nodes.connections.map(\.connection) == [7])
    }

    @Test func whatIsTakenOutIsMadeAnew() {
        var nodes = Nodes()
        _ = nodes.use("a", "1")
        #expect(nodes.remove("a") == nil)
        _ = nodes.opened("a", 7)
        #expect(nodes.remove("a") == 7 && nodes.remove("a") == nil)
        #expect(word(nodes.use("a", "2")) == "open")
    }

    @Test func atTheEndEverybodyIsTold() {
        var nodes = Nodes()
        _ = nodes.use("a", "1")
        _ = nodes.opened("a", 7)
        _ = nodes.use("b", "2")
        let (connections, waiters) = nodes.removeAll()
        #expect(connections == [7] && waiters == ["2"])
        #expect(nodes.connections.isEmpty)
    }
}
