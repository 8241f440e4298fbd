import LocalCluster
import NIOHTTP1
import Testing
import Transport

@testable import App

@Suite("BUS_ROUTING=targeted on real instances", .cluster(["RATE_LIMIT": "0", "BUS_ROUTING": "targeted"]), .timeLimit(.minutes(2)))
struct TargetedRoutingTests {
    @Test("Direct messages, changes, reading and typing cross")
    func direct() async throws {
        try await Crossing.direct(try RunningCluster.current)
    }

    @Test("So does what happens in channels")
    func channel() async throws {
        try await Crossing.channel(try RunningCluster.current)
    }

    @Test("A join on one instance is followed by the user's connections on the other")
    func otherConnections() async throws {
        try await Crossing.otherConnections(try RunningCluster.current)
    }

    @Test("Presence comes to who watches, and from people one has begun to talk to")
    func presence() async throws {
        let cluster = try RunningCluster.current
        let ada = try await cluster.visitor.person()
        let bob = try await cluster.visitor.person()
        let watcher = try await Wire.welcomed(bob, at: cluster.urlB)
        try await watcher.ask(["type": "PRESENCE_WATCH", "userIds": [.string(ada.id)]], answeredBy: "PRESENCE_STATE")
        let onA = try await Wire.welcomed(ada, at: cluster.urlA)
        try await watcher.frame("PRESENCE") { $0["userId"].string == ada.id && $0["status"] == "online" }
        try await onA.ask(["type": "PRESENCE_SET", "status": "away"], answeredBy: "ACK")
        try await watcher.frame("PRESENCE") { $0["userId"].string == ada.id && $0["status"] == "away" }
        try await onA.post("so you know me", to: bob)
        try await watcher.message("so you know me")
        watcher.connection.disconnect()
        try await onA.frame("PRESENCE") { $0["userId"].string == bob.id && $0["status"] == "offline" }
        onA.connection.disconnect()
    }

    @Test("A ban closes on the other instance")
    func kick() async throws {
        let cluster = try RunningCluster.current
        let ada = try await cluster.visitor.person()
        let onB = try await Wire.welcomed(ada, at: cluster.urlB)
        #expect(try await cluster.admin().call(.POST, "/api/admin/users/\(ada.id)/ban", [:]).status == 200)
        let clock = ContinuousClock()
        let start = clock.now
        #expect(try await onB.closed().code == 4003)
        #expect(clock.now - start < .seconds(2))
    }

    @Test("Instances subscribe to what concerns who is connected, and to nothing else")
    func subscriptions() async throws {
        let cluster = try RunningCluster.current
        let ada = try await cluster.visitor.person()
        let bob = try await cluster.visitor.person()
        let channel = try await ada.channel()
        let subscribers = { (name: String) async throws -> Int in
            let lines = try await cluster.redis.command("PUBSUB", "NUMSUB", name).split(separator: "\n")
            return lines.count == 2 ? Int(lines[1]) ?? -1 : -1
        }
        let expect = { (what: String, counts: [String: Int]) async throws in
            for (address, count) in counts {
                let families = address.hasPrefix("presence_events") ? [""] : ["chat.message:", "chat_events:"]
                for family in families {
                    try await eventually(within: .seconds(10), "\(what): \(count) subscribed to \(family)\(address)") {
                        try await subscribers(family + address) == count
                    }
                }
            }
        }
        let watched = "presence_events:\(bob.id)"
        try await expect("nobody is here", [ada.id: 0, bob.id: 0, channel: 0, watched: 0])
        let onA = try await Wire.welcomed(ada, at: cluster.urlA)
        try await expect("ada on A", [ada.id: 1, bob.id: 0, channel: 0])
        let second = try await Wire.welcomed(ada, at: cluster.urlA)
        let onB = try await Wire.welcomed(ada, at: cluster.urlB)
        try await expect("ada on A twice and on B", [ada.id: 2, bob.id: 0, channel: 0])
        try await onA.join(channel)
        try await expect("ada in the channel on both", [channel: 2])
        let bobOnB = try await Wire.welcomed(bob, at: cluster.urlB)
        try await bobOnB.join(channel)
        try await onA.ask(["type": "PRESENCE_WATCH", "userIds": [.string(bob.id)]], answeredBy: "PRESENCE_STATE")
        // B follows the presence of its own user, A that of whom it watches.
        try await expect("bob on B", [ada.id: 2, bob.id: 1, channel: 2, watched: 2])
        second.connection.disconnect()
        onB.connection.disconnect()
        // Bob is in the channel on B still.
        try await expect("ada on A alone", [ada.id: 1, channel: 2])
        try await bobOnB.ask(["type": "CHANNEL_LEAVE", "channelId": .string(channel)], answeredBy: "ACK")
        try await expect("bob has left", [channel: 1, bob.id: 1])
        try await onA.ask(["type": "PRESENCE_UNWATCH", "userIds": [.string(bob.id)]], answeredBy: "PRESENCE_STATE")
        try await expect("bob is not watched", [watched: 1])
        try await onA.post("hello", to: bob)
        try await expect("people who talk", [watched: 2, "presence_events:\(ada.id)": 2])
        onA.connection.disconnect()
        try await expect("ada has gone", [ada.id: 0, channel: 0, watched: 1, "presence_events:\(ada.id)": 1])
        bobOnB.connection.disconnect()
        try await expect("bob has gone", [bob.id: 0, watched: 0, "presence_events:\(ada.id)": 0])
        let left = try await cluster.redis.command("PUBSUB", "CHANNELS", "*").split(separator: "\n").filter { name in
            [ada.id, bob.id, channel].contains { name.contains($0) }
        }
        #expect(left.isEmpty)
    }
}
