import Actors
import LocalCluster
import TestSupport
import Testing
import Transport

@Suite("On a Redis Cluster the bus is on all primaries", .fewAtOnce, .serialized, .timeLimit(.minutes(3)))
struct RedisClusterTests {
    private func fixture(
        _ cluster: RedisClusterGroup,
        _ instance: String,
        _ routing: BusRouting = .targeted,
        configure: (inout RedisBusOptions) -> Void = { _ in }
    ) throws -> BusFixture {
        try BusFixture("redis+cluster://\(cluster.hosts)", instance: instance) {
            $0.routing = routing
            // Long enough for a busy machine.
            $0.followTimeout = .seconds(30)
            $0.probeTimeout = .seconds(30)
            $0.connectTimeout = .seconds(20)
            $0.initTimeout = .seconds(60)
            configure(&$0)
        }
    }

    private func running(_ a: BusFixture, _ b: BusFixture, _ body: @Sendable () async throws -> Void) async throws {
        try await a.running {
            try await b.running {
                _ = try await a.bus.waitUntilReady()
                _ = try await b.bus.waitUntilReady()
                try await body()
            }
        }
    }

    /// A message that one writes to another; with targeted routing both are told.
    private func message(to user: UserID, seq: Int64 = 1) -> Message {
        let sender = Sample.ids.next(UserID.self)
        return Sample.message(in: .direct(UserPair(user, sender)), from: sender, seq: seq)
    }

    /// People whose channels are on all primaries.
    private func people() -> [UserID] {
        (0..<40).map { _ in Sample.ids.next(UserID.self) }
    }

    private func follow(_ users: [UserID], _ fixture: BusFixture) async {
        await withTaskGroup(of: Void.self) { group in
            for user in users { group.addTask { await fixture.bus.follow(.user(user)) } }
        }
    }

    @Test("Hints cross, and each channel is on the server that has its slot", arguments: BusRouting.allCases)
    func hints(routing: BusRouting) async throws {
        let cluster = try await RedisClusterGroup()
        let (a, b) = (try fixture(cluster, "A", routing), try fixture(cluster, "B", routing))
        let users = people()
        try await running(a, b) {
            await follow(users, b)
            for (index, user) in users.enumerated() {
                let message = message(to: user)
                a.bus.publish(.message(message))
                if index % 8 == 7 { await b.waitForMessage(message) }
            }
            let kick = Kick.ban(users[0], authEpoch: 1)
            b.bus.publish(.kick(kick))
            await a.deliveries.wait { $0.contains { $0.kick == kick } }
            await b.deliveries.wait { $0.count { $0.message != nil } == users.count }
            for server in cluster.primaries {
                let shards = try await server.command("PUBSUB", "SHARDCHANNELS").split(separator: "\n").filter { !$0.isEmpty }
                #expect(shards.isEmpty == (routing == .broadcast))
                let plain = try await server.command("PUBSUB", "CHANNELS", "chat.message:*")
                #expect(plain.isEmpty)
            }
            await withTaskGroup(of: Void.self) { group in
                for user in users { group.addTask { b.bus.unfollow(.user(user)) } }
            }
            // Behind the last one that is given up, on whichever server.
            await follow(users.reversed(), b)
        }
        for fixture in [a, b] { #expect(!fixture.log.elements.contains { $0.event == "bus_lost" || $0.event == "publish_failed" }) }
        await cluster.stop()
    }

    @Test("Where a slot goes, its channels are heard again, and what may have been missed is told")
    func movedSlots() async throws {
        let cluster = try await RedisClusterGroup()
        let (a, b) = (try fixture(cluster, "A"), try fixture(cluster, "B"))
        let user = Sample.ids.next(UserID.self)
        let late = Recorder<BusTopic>()
        let listening = Task { for await topic in b.bus.confirmedLate { late.append(topic) } }
        try await running(a, b) {
            await b.bus.follow(.user(user))
            await b.bus.follow(.user(Sample.ids.next(UserID.self)))
            let slot = HashSlot(of: BusTopic.user(user).channels[0])
            var server = cluster.server(of: slot)
            for turn in 1...3 {
                let next = cluster.primary(after: server)
                try await cluster.move(slot: slot.number, from: server, to: next)
                server = next
                #expect(await late.wait(count: turn) == Array(repeating: .user(user), count: turn))
                let message = message(to: user, seq: Int64(turn))
                a.bus.publish(.message(message))
                await b.waitForMessage(message)
                let heard = try await server.command("PUBSUB", "SHARDCHANNELS", "chat.message:*")
                #expect(heard.split(separator: "\n").contains { $0 == BusTopic.user(user).channels[0] })
            }
            #expect(late.elements.count == 3)
            try await stir([user, Sample.ids.next(UserID.self)], a, b, cluster, at: [slot: server])
        }
        listening.cancel()
        for fixture in [a, b] { #expect(!fixture.log.elements.contains { $0.event == "bus_lost" || $0.event == "publish_failed" }) }
        await cluster.stop()
    }

    /// Has people come and go while their slots move; in the end everything for them must be heard.
    private func stir(
        _ users: [UserID],
        _ a: BusFixture,
        _ b: BusFixture,
        _ cluster: RedisClusterGroup,
        at places: [HashSlot: RedisServer]
    ) async throws {
        let ends = Recorder<Void>()
        await follow(users, b)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for user in users {
                group.addTask {
                    while ends.elements.isEmpty {
                        b.bus.unfollow(.user(user))
                        await b.bus.follow(.user(user))
                    }
                }
            }
            var places = places
            for slot in Array(repeating: users.map { HashSlot(of: BusTopic.user($0).channels[0]) }, count: 4).joined() {
                let server = places[slot] ?? cluster.server(of: slot)
                let next = cluster.primary(after: server)
                places[slot] = next
                try await cluster.move(slot: slot.number, from: server, to: next)
            }
            ends.append(())
            try await group.waitForAll()
        }
        for user in users { try await publish(for: user, from: a, untilHeardBy: b) }
    }

    /// What is published while a slot or a server is on its way may be lost: that is what the store is for.
    private func publish(for user: UserID, from a: BusFixture, untilHeardBy b: BusFixture) async throws {
        let message = message(to: user)
        repeat {
            a.bus.publish(.message(message))
            try await Task.sleep(for: .milliseconds(50))
        } while !b.deliveries.elements.contains { $0.message == message }
    }

    @Test("A primary that dies is a loss until its replica has taken its place; one that hangs is one until it answers")
    func failover() async throws {
        let cluster = try await RedisClusterGroup()
        let quick = { (options: inout RedisBusOptions) in
            options.probeInterval = .milliseconds(500)
            options.probeTimeout = .seconds(4)
        }
        let a = try fixture(cluster, "A", configure: quick)
        let b = try fixture(cluster, "B", configure: quick)
        let users = people()
        try await running(a, b) {
            await follow(users, b)
            await cluster.primaries[0].kill()
            await a.line("bus_lost")
            await b.line("bus_lost")
            // They wait until there is a primary again.
            for user in users { a.bus.publish(.message(message(to: user))) }
            await b.line("bus_restored")
            await a.line("bus_restored")
            for user in users { try await publish(for: user, from: a, untilHeardBy: b) }
            // Neither the probe nor a command needs to come by.
            cluster.primaries[1].pause()
            await a.line("bus_lost", count: 2)
            await b.line("bus_lost", count: 2)
            cluster.primaries[1].resume()
            await a.line("bus_restored", count: 2)
            await b.line("bus_restored", count: 2)
            try await publish(for: users[0], from: a, untilHeardBy: b)
        }
        await cluster.stop()
    }

    @Test("Commands go to the server that has their key, and their answers come in order, also while a slot moves")
    func commands() async throws {
        let cluster = try await RedisClusterGroup()
        let a = try fixture(cluster, "A", .broadcast)
        #expect(a.bus.isClustered)
        let keys = (0..<600).map { "key:\($0)" }
        try await a.running {
            _ = try await a.bus.waitUntilReady()
            let written = try await a.bus.execute(keys.map { RedisCommand("SET", $0, "value of \($0)") }, within: .seconds(30))
            #expect(written == Array(repeating: .status("OK"), count: keys.count))
            let expected = keys.map { RedisReply.bulk(Array("value of \($0)".utf8)) }
            let read = { try await a.bus.execute(keys.map { RedisCommand("GET", $0) }, within: .seconds(30)) }
            #expect(try await read() == expected)
            for server in cluster.primaries {
                let count = try await server.command("DBSIZE")
                #expect(Int(count) ?? 0 > 100)
            }
            let script = "return redis.call('GET', KEYS[1])"
            let byScript = keys.map { RedisCommand("EVAL", script, "1", $0) }
            #expect(try await a.bus.execute(byScript, within: .seconds(30)) == expected)

            // Half-way: what is there stays there, what isn't is asked of the new server.
            let slot = HashSlot(of: keys[0])
            let source = cluster.server(of: slot)
            let target = cluster.primaries.first { $0 !== source } ?? source
            let (sourceID, targetID) = (try await source.command("CLUSTER", "MYID"), try await target.command("CLUSTER", "MYID"))
            try await target.command("CLUSTER", "SETSLOT", "\(slot.number)", "IMPORTING", sourceID)
            try await source.command("CLUSTER", "SETSLOT", "\(slot.number)", "MIGRATING", targetID)
            let new = "{\(keys[0])}:new"
            let half = try await a.bus.execute([RedisCommand("SET", new, "1"), RedisCommand("GET", keys[0]), RedisCommand("GET", new)])
            #expect(half == [.status("OK"), expected[0], .bulk(Array("1".utf8))])
            #expect(try await target.command("CLUSTER", "COUNTKEYSINSLOT", "\(slot.number)") == "1")

            try await cluster.move(slot: slot.number, from: source, to: target)
            #expect(try await read() == expected)
            #expect(try await read() == expected)
            let several = try await a.bus.execute(RedisCommand("MGET", keys[0], keys[1], keys[2]))
            #expect(several.errorCode == "CROSSSLOT")
        }
        #expect(!a.log.elements.contains { $0.event == "bus_lost" })
        await cluster.stop()
    }

    @Test("What a cluster lacks or refuses is said with the server's address")
    func refusals() async throws {
        let cluster = try await RedisClusterGroup()
        let single = try await RedisServer.start()
        let nobody = try ReservedPort()
        #expect(try await roundTrip("127.0.0.1:\(nobody.number),\(cluster.hosts)") > .zero)
        // A replica knows as well.
        #expect(try await roundTrip("127.0.0.1:\(cluster.replica.port)") > .zero)
        try await refused("127.0.0.1:\(single.port)", .refused, "doesn't tell who serves which slots (ERR)", single)
        for server in cluster.primaries + [cluster.replica] { try await server.command("CONFIG", "SET", "requirepass", "S3cret") }
        try await refused(cluster.hosts, .authentication, "NOAUTH", cluster.primaries[2])
        try await refused(":S3cret-not@\(cluster.hosts)", .authentication, "WRONGPASS", cluster.primaries[2])
        #expect(try await roundTrip(":S3cret@\(cluster.hosts)") > .zero)
        await cluster.primaries[2].kill()
        try await refused(":S3cret@127.0.0.1:\(cluster.primaries[0].port)", .unavailable, "refused", cluster.primaries[2])
        await cluster.stop()
        await single.stop()
        withExtendedLifetime(nobody) {}
    }

    @Test("Rooms of Socket.IO are heard on the servers that have their slots")
    func adapter() async throws {
        let cluster = try await RedisClusterGroup()
        let a = try AdapterFixture("redis+cluster://\(cluster.hosts)", .sharded, instance: "A")
        try await a.running {
            let clients = (0..<6).map { a.client("client \($0)") }
            let everybody = AdapterChannels().name(of: .everybody)
            for client in clients {
                let user = client.principal.userID
                let room = AdapterChannels().name(of: .room("\(user)"))
                let server = cluster.server(of: HashSlot(of: room))
                await a.bus.follow(.user(user))
                // Until it is heard: nobody waits for the adapter.
                while try await !server.command("PUBSUB", "SHARDCHANNELS", room).contains(room) { await Task.yield() }
                let peer = try await RedisPeer.connect(server)
                let data = #"{"packet":{"type":2,"data":["hello"]},"opts":{"rooms":["\#(user)"],"except":[],"flags":{}}}"#
                try await peer.publish(#"{"type":3,"data":\#(data),"uid":"448c185015c40264","nsp":"/"}"#, to: room, sharded: true)
                await client.packets.wait(count: 1)
                // And the other way.
                let listener = try await RedisPeer.connect(server, "SSUBSCRIBE", room)
                a.bus.publish(.message(Sample.message(in: .direct(UserPair(user, user)), from: user)))
                #expect(await listener.messages.wait(count: 1).first?.channel == room)
                await listener.close()
                await peer.close()
            }
            let server = cluster.server(of: HashSlot(of: everybody))
            #expect(try await server.command("PUBSUB", "SHARDNUMSUB", everybody).split(separator: "\n").last == "1")
        }
        await cluster.stop()
    }

    private func roundTrip(_ rest: String) async throws -> Duration {
        try await RedisProbe(configuration: RedisConfiguration(url: "redis+cluster://\(rest)"), time: RealTime())
            .roundTrip(timeout: .seconds(20))
    }

    private func refused(_ rest: String, _ code: RedisError.Code, _ word: String, _ server: RedisServer) async throws {
        let error = try await #require(throws: RedisError.self) { try await roundTrip(rest) }
        #expect(error.code == code)
        #expect(error.message.contains("127.0.0.1:\(server.port)") && error.message.contains(word), "\(error)")
        #expect(!error.message.contains("S3cret"))
    }
}

extension RedisClusterGroup {
    /// Who has the slot at first.
    func server(of slot: HashSlot) -> RedisServer {
        primaries[primaries.indices.last { $0 * Self.slotCount / primaries.count <= slot.number } ?? 0]
    }

    /// The next one, in a ring.
    fileprivate func primary(after server: RedisServer) -> RedisServer {
        let index = primaries.firstIndex { $0 === server } ?? 0
        return primaries[(index + 1) % primaries.count]
    }
}
