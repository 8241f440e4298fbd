import Actors
import LocalCluster
import Logging
import TestSupport
import Testing
import Transport

@Suite("With targeted routing an instance hears what is for its own users", .fewAtOnce, .timeLimit(.minutes(1)))
struct RedisRoutingTests {
    private func fixture(
        _ server: RedisServer,
        _ instance: String,
        routing: BusRouting = .targeted,
        onRestored: @escaping @Sendable () async -> Int = { 0 }
    ) throws -> BusFixture {
        try BusFixture(server.url, instance: instance) {
            $0.routing = routing
            // Long enough that a busy machine confirms in time.
            $0.followTimeout = .seconds(30)
        } onRestored: {
            await onRestored()
        }
    }

    /// Runs all of them while `body` runs.
    private func running(_ fixtures: ArraySlice<BusFixture>, _ body: @Sendable () async throws -> Void) async throws {
        guard let first = fixtures.first else { return try await body() }
        try await first.running {
            _ = try await first.bus.waitUntilReady()
            try await running(fixtures.dropFirst(), body)
        }
    }

    /// Waits until everything that was published before has come to everybody: orders to end sessions are heard by all, behind it.
    private func settle(_ fixtures: [BusFixture]) async {
        let user = Sample.ids.next(UserID.self)
        for fixture in fixtures { fixture.bus.publish(.kick(.ban(user, authEpoch: 1))) }
        for fixture in fixtures {
            await fixture.deliveries.wait { $0.count { $0.kick?.userID == user } == fixtures.count }
        }
    }

    @Test(arguments: BusRouting.allCases)
    func fiveInstancesHearTheirShare(routing: BusRouting) async throws {
        let server = try await RedisServer.start()
        let fixtures = try (0..<5).map { try fixture(server, "I\($0)", routing: routing) }
        // Two people an instance, each of whom writes to the other and to the first one of the next instance; and a channel of two instances.
        let people = (0..<5).map { _ in [Sample.ids.next(UserID.self), Sample.ids.next(UserID.self)] }
        let name = try #require(ChannelName("general"))
        try await running(fixtures[...]) {
            for (index, fixture) in fixtures.enumerated() {
                for user in people[index] { await fixture.bus.follow(.user(user)) }
                if index < 2 { await fixture.bus.follow(.channel(name)) }
            }
            for (index, fixture) in fixtures.enumerated() {
                let (one, other) = (people[index][0], people[index][1])
                let far = people[(index + 1) % 5][0]
                fixture.bus.publish(.message(Sample.message(in: .direct(UserPair(one, other)), from: one)))
                fixture.bus.publish(.message(Sample.message(in: .direct(UserPair(one, far)), from: one)))
                fixture.bus.publish(.chat(.typing(.direct(UserPair(one, other)), one, isTyping: true)))
            }
            fixtures[4].bus.publish(.message(Sample.message(in: .channel(name), from: people[4][0])))
            await settle(fixtures)
        }
        let received = fixtures.map { $0.counters.values["switchboard_bus_received_total"] }
        let delivered = fixtures.map { $0.deliveries.elements.count { $0.kick == nil } }
        switch routing {
        case .broadcast:
            // 5 x 3 events, one in the channel, 5 kicks: everybody hears everything.
            #expect(received == [21, 21, 21, 21, 21])
            #expect(delivered == [16, 16, 16, 16, 16])
        case .targeted:
            // Both people of a conversation here: 2 + 2. One of them here: 1 to the next instance, 1 from the one before. 5 kicks, and the channel.
            #expect(received == [12, 12, 11, 11, 11])
            // What came twice is taken once.
            #expect(delivered == [5, 5, 4, 4, 4])
        }
        #expect(fixtures.allSatisfy { fixture in !fixture.log.elements.contains { $0.event == "routing_mismatch" } })
        await server.stop()
    }

    @Test func whatIsNoLongerFollowedIsNoLongerHeard() async throws {
        let server = try await RedisServer.start()
        let fixtures = [try fixture(server, "A"), try fixture(server, "B")]
        let (a, b) = (fixtures[0].bus, fixtures[1].bus)
        let (user, sender) = (Sample.ids.next(UserID.self), Sample.ids.next(UserID.self))
        let messages = (1...3).map { Sample.message(in: .direct(UserPair(user, sender)), from: sender, seq: $0) }
        try await running(fixtures[...]) {
            await a.follow(.user(user))
            await a.follow(.user(user))
            let followed = try await server.command("PUBSUB", "CHANNELS", "chat*:\(user)")
            #expect(Set(followed.split(separator: "\n").map(String.init)) == Set(BusTopic.user(user).channels))
            b.publish(.message(messages[0]))
            a.unfollow(.user(user))
            await settle(fixtures)
            b.publish(.message(messages[1]))
            await settle(fixtures)
            a.unfollow(.user(user))
            // Behind the UNSUBSCRIBE on the same connection.
            await a.follow(.presence(user))
            b.publish(.message(messages[2]))
            await settle(fixtures)
            let left = try await server.command("PUBSUB", "CHANNELS", "*\(user)*")
            #expect(left == "presence_events:\(user)")
            for _ in 0..<200 {
                a.unfollow(.presence(user))
                async let following: Void = a.follow(.presence(user))
                await following
            }
            let online = PresenceEvent(
                kind: .online,
                userID: user,
                username: "ada",
                status: .online,
                timestamp: Timestamp(milliseconds: 0)
            )
            b.publish(.presence(online))
            await settle(fixtures)
            #expect(fixtures[0].deliveries.elements.compactMap(\.presence) == [online])
        }
        #expect(fixtures[0].deliveries.elements.compactMap(\.message) == Array(messages.prefix(2)))
        await server.stop()
    }

    @Test func afterALossEverythingIsFollowedAgainBeforeItIsRestored() async throws {
        let server = try await RedisServer.start()
        let subscribed = Recorder<Int>()
        let a = try fixture(server, "A") {
            let channels = (try? await server.command("PUBSUB", "CHANNELS", "presence_events:*")) ?? ""
            subscribed.append(channels.split(separator: "\n").count)
            return 0
        }
        let b = try fixture(server, "B")
        let late = Recorder<BusTopic>()
        let users = (0..<1_500).map { _ in Sample.ids.next(UserID.self) }
        let newcomer = Sample.ids.next(UserID.self)
        let listening = Task { for await topic in a.bus.confirmedLate { late.append(topic) } }
        try await running([a, b]) {
            await withTaskGroup(of: Void.self) { group in
                for user in users { group.addTask { await a.bus.follow(.presence(user)) } }
            }
            await server.kill()
            await a.line("bus_lost")
            await b.line("bus_lost")
            let clock = ContinuousClock.now
            await a.bus.follow(.user(newcomer))
            #expect(ContinuousClock.now - clock < .seconds(10), "nobody waits while the bus is lost")
            try await server.restart()
            await a.line("bus_restored")
            await b.line("bus_restored")
            #expect(subscribed.elements == [1_500])
            #expect(await late.wait(count: 1) == [.user(newcomer)])
            let message = Sample.message(in: .direct(UserPair(newcomer, users[0])), from: users[0])
            b.bus.publish(.message(message))
            await a.waitForMessage(message)
        }
        listening.cancel()
        await server.stop()
    }

    @Test func aConfirmationThatTakesTooLongIsToldLater() async throws {
        let server = try await RedisServer.start()
        let a = try BusFixture(server.url, instance: "A") {
            $0.routing = .targeted
            $0.probeTimeout = .seconds(30)
        }
        let user = Sample.ids.next(UserID.self)
        let late = Recorder<BusTopic>()
        let listening = Task { for await topic in a.bus.confirmedLate { late.append(topic) } }
        try await running([a]) {
            server.pause()
            let start = ContinuousClock.now
            await a.bus.follow(.user(user))
            let took = ContinuousClock.now - start
            #expect(took >= .milliseconds(500) && took < .seconds(10))
            #expect(late.elements.isEmpty)
            server.resume()
            #expect(await late.wait(count: 1) == [.user(user)])
            #expect(!a.log.elements.contains { $0.event == "bus_lost" })
        }
        listening.cancel()
        await server.stop()
    }

    @Test func lateConfirmationsThatNobodyTakesAreALoss() async throws {
        let server = try await RedisServer.start()
        let reconciled = Recorder<Bool>()
        let a = try BusFixture(server.url, instance: "A") {
            $0.routing = .targeted
            $0.lateLimit = 2
        } onRestored: {
            reconciled.append(true)
            return 0
        }
        let followed = (0..<5).map { _ in BusTopic.user(Sample.ids.next(UserID.self)) }
        for topic in followed { await a.bus.follow(topic) }
        try await running([a]) {
            await reconciled.wait(count: 1)
        }
        var left: [BusTopic] = []
        for await topic in a.bus.confirmedLate { left.append(topic) }
        #expect(left.count == 2)
        await server.stop()
    }

    @Test func anInstanceThatRoutesInAnotherWayIsNoticedOnce() async throws {
        let server = try await RedisServer.start()
        let fixtures = [try fixture(server, "A"), try fixture(server, "B", routing: .broadcast)]
        let message = Sample.message()
        try await running(fixtures[...]) {
            // What is broadcast is heard by all, whatever they follow.
            fixtures[1].bus.publish(.message(message))
            await fixtures[0].waitForMessage(message)
            let line = await fixtures[0].line("routing_mismatch")
            #expect(line.level == .warning)
            #expect(line.metadata == ["routing": "targeted", "otherRouting": "broadcast", "originInstanceId": "B"])
            await settle(fixtures)
            let other = await fixtures[1].line("routing_mismatch")
            #expect(other.metadata == ["routing": "broadcast", "otherRouting": "targeted", "originInstanceId": "A"])
            await settle(fixtures)
        }
        for fixture in fixtures { #expect(fixture.log.elements.count { $0.event == "routing_mismatch" } == 1) }
        await server.stop()
    }

    @Test func whoTypesIsNotKeptForLater() async throws {
        let server = try await RedisServer.start()
        let a = try fixture(server, "A", routing: .broadcast)
        let message = Sample.message()
        try await running([a]) {
            await server.kill()
            await a.line("bus_lost")
            a.bus.publish(.chat(.typing(message.conversationID, message.senderID, isTyping: true)))
            a.bus.publish(.message(message))
            try await server.restart()
            await a.waitForMessage(message)
            await settle([a])
        }
        #expect(a.deliveries.elements.compactMap(\.chat) == [])
        #expect(a.counters.values["switchboard_bus_publish_dropped_total"] == 1)
        await server.stop()
    }

    @Test func aRefusedSubscriptionIsALossThatSaysWhy() async throws {
        var options = RedisServer.Options()
        options.users = ["user on >pass ~* &* +@all"]
        let server = try await RedisServer.start(options)
        let a = try BusFixture("redis://user:pass@127.0.0.1:\(server.port)", instance: "A") { $0.routing = .targeted }
        try await running([a]) {
            try await server.command("ACL", "SETUSER", "user", "-subscribe")
            await a.bus.follow(.user(Sample.ids.next(UserID.self)))
            #expect(await a.line("bus_lost").metadata["reason"] == "Redis refused a change of the subscription (NOPERM)")
            try await server.command("ACL", "SETUSER", "user", "+subscribe")
            await a.line("bus_restored")
        }
        await server.stop()
    }
}
