import Actors
import LocalCluster
import Logging
import ServiceLifecycle
import TestSupport
import Testing
import Transport

@Suite("Two buses tell each other over a real Redis", .fewAtOnce, .timeLimit(.minutes(1)))
struct RedisBusTests {
    @Test func whatOnePublishesEveryoneHears() async throws {
        let server = try await RedisServer.start()
        let a = try BusFixture(server.url, instance: "A")
        let b = try BusFixture(server.url, instance: "B")
        let message = Sample.message()
        let channelMessage = try Sample.channelMessage
        let kick = Kick.ban(message.senderID, authEpoch: 2)
        try await a.running {
            try await b.running {
                let readinessOfA = try await a.bus.waitUntilReady()
                #expect(readinessOfA == .connected)
                let readinessOfB = try await b.bus.waitUntilReady()
                #expect(readinessOfB == .connected)
                #expect(a.bus.status == .connected)
                a.bus.publish(.message(message))
                a.bus.publish(.message(channelMessage))
                a.bus.publish(.kick(kick))
                let heard = await b.deliveries.wait(count: 3)
                #expect(heard.compactMap(\.message) == [message, channelMessage])
                #expect(heard.compactMap(\.kick) == [kick])
                #expect(heard.allSatisfy { $0.origin == a.identity })
                #expect(Set(heard.map(\.eventID)).count == 3)
                // Its own too: whoever consumes them tells them apart.
                await a.deliveries.wait(count: 3)
                // Redis' answers may come after that, and nobody hears them once the bus is stopped.
                await a.line("chat_message_published", count: 2)
                await a.line("admin_kick_published")
            }
        }
        let published = await a.line("chat_message_published")
        #expect(published.level == .info)
        let recipient = try #require(message.recipientID)
        #expect(published.metadata == ["messageId": "\(message.messageID)", "originInstanceId": "A", "recipientId": "\(recipient)"])
        #expect(await a.line("chat_message_published", count: 2).metadata["channelId"] == "ch:general")
        #expect(await a.line("admin_kick_published").metadata["action"] == "BAN")
        #expect(a.counters.values == ["switchboard_bus_published_total": 3, "switchboard_bus_received_total": 3])
        #expect(
            await a.line("initialized").metadata["channels"] == "[\"chat.message\", \"admin.kick\", \"presence_events\", \"chat_events\"]"
        )
        await a.line("stopped")
        await server.stop()
    }

    @Test func chatAndPresenceEventsAreHeardAndLoggedWithoutContent() async throws {
        let server = try await RedisServer.start()
        let a = try BusFixture(server.url, instance: "A")
        let b = try BusFixture(server.url, instance: "B")
        let sent = Sample.message(content: "S3cret")
        let message = Message(
            messageID: sent.messageID,
            conversationID: sent.conversationID,
            seq: 1,
            senderID: sent.senderID,
            senderName: "alice",
            content: "S3cret",
            clientMessageID: sent.clientMessageID,
            createdAt: sent.createdAt,
            editedAt: sent.createdAt,
            rev: 1
        )
        let typing = ChatEvent.typing(sent.conversationID, sent.senderID, isTyping: true)
        let presence = PresenceEvent(
            kind: .online,
            userID: sent.senderID,
            username: "alice",
            status: .online,
            timestamp: Timestamp(milliseconds: 5)
        )
        try await a.running {
            try await b.running {
                _ = try await a.bus.waitUntilReady()
                _ = try await b.bus.waitUntilReady()
                a.bus.publish(.chat(.updated(message)))
                a.bus.publish(.chat(typing))
                a.bus.publish(.presence(presence))
                let heard = await b.deliveries.wait(count: 3)
                #expect(heard.compactMap(\.chat) == [.updated(message), typing])
                #expect(heard.compactMap(\.presence) == [presence])
                // Redis' answers may come after that, and nobody hears them once the bus is stopped.
                await a.line("chat_event_published", count: 2)
                await a.line("presence_event_published")
            }
        }
        let updated = await a.line("chat_event_published")
        #expect(updated.level == .debug)
        #expect(
            updated.metadata == [
                "event": "message:updated", "chatId": "\(sent.conversationID)", "messageId": "\(sent.messageID)", "originInstanceId": "A",
            ]
        )
        #expect(await a.line("chat_event_published", count: 2).metadata["userId"] == "\(sent.senderID)")
        let online = await a.line("presence_event_published")
        #expect(online.level == .debug)
        #expect(online.metadata == ["event": "user:online", "userId": "\(sent.senderID)", "originInstanceId": "A"])
        #expect(!(a.log.elements + b.log.elements).contains { "\($0)".contains("S3cret") })
        await server.stop()
    }

    @Test func aBadMessageIsRejectedAndTheNextIsHeard() async throws {
        let server = try await RedisServer.start()
        let bus = try BusFixture(server.url, instance: "A") { $0.secret = "shared" }
        let other = try BusFixture(server.url, instance: "B")
        let message = Sample.message()
        try await bus.running {
            try await other.running {
                _ = try await bus.bus.waitUntilReady()
                _ = try await other.bus.waitUntilReady()
                try await server.command("PUBLISH", "chat.message", "S3cret nonsense")
                #expect(await bus.line("bus_message_rejected").metadata == ["reason": "unsigned"])
                #expect(await other.line("bus_message_rejected").metadata == ["reason": "invalid_json"])
                other.bus.publish(.message(message))
                #expect(await bus.line("bus_message_rejected", count: 2).metadata == ["reason": "unsigned"])
                bus.bus.publish(.message(message))
                await bus.waitForMessage(message)
            }
        }
        #expect(bus.counters.values["switchboard_bus_rejected_total{reason=unsigned}"] == 2)
        await server.stop()
    }

    @Test func aGracefulShutdownFlushesWhatIsQueued() async throws {
        let server = try await RedisServer.start()
        // So many messages may be ahead of a probe for longer than usual, and a bus that is lost for it would miss the rest.
        let sender = try BusFixture(server.url, instance: "A") {
            $0.flushTimeout = .seconds(30)
            $0.probeTimeout = .seconds(30)
        }
        let receiver = try BusFixture(server.url, instance: "B") { $0.probeTimeout = .seconds(30) }
        let group = ServiceGroup(services: [sender.bus], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await receiver.running {
            _ = try await receiver.bus.waitUntilReady()
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                _ = try await sender.bus.waitUntilReady()
                for seq in 1...5_000 { sender.bus.publish(.message(Sample.message(seq: Int64(seq)))) }
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
            let heard = await receiver.deliveries.wait(count: 5_000)
            #expect(heard.compactMap(\.message?.seq) == Array(1...5_000))
        }
        #expect(await sender.line("stopped").metadata == ["unsent": "0"])
        #expect(sender.bus.status == .disabled)
        sender.bus.publish(.message(Sample.message()))
        await server.stop()
    }

    @Test func commandsAreAnsweredOverTheSameConnection() async throws {
        let server = try await RedisServer.start()
        let fixture = try BusFixture(server.url + "/3", instance: "A b\n")
        await #expect(throws: RedisError.self) { try await fixture.bus.execute(RedisCommand("PING")) }
        try await fixture.running {
            _ = try await fixture.bus.waitUntilReady()
            async let first = fixture.bus.execute(RedisCommand("SET", "k", "v"))
            async let second = fixture.bus.execute(RedisCommand("NONSENSE"))
            #expect(try await first == .status("OK"))
            #expect(try await second.errorCode == "ERR")
            #expect(try await server.command("-n", "3", "GET", "k") == "v")
            #expect(try await server.command("CLIENT", "LIST").contains("name=switchboard-A-b- "))
            await #expect {
                try await fixture.bus.execute(RedisCommand("BLPOP", "nothing", "1"), within: .milliseconds(20))
            } throws: {
                ($0 as? RedisError)?.code == .timeout
            }
            // The late answer finds nobody, and the next command its own.
            #expect(try await fixture.bus.execute(RedisCommand("GET", "k")) == .bulk([118]))
        }
        await server.stop()
    }

    @Test func theDisabledBusSaysSoAndIsSilent() async {
        let lines = Recorder<RecordedLine>()
        let bus = DisabledBus(nodeEnvironment: "production", logger: Logger(label: "RedisBus") { _ in RecordingLogHandler(lines) })
        bus.publish(.message(Sample.message()))
        for family in BusFamily.allCases {
            for await _ in bus.events(family) { Issue.record("nothing was to come") }
        }
        #expect(bus.status == .disabled)
        #expect(lines.elements.map(\.event) == ["bus_disabled"])
        #expect(lines.elements.first?.metadata == ["reason": "REDIS_URL not set", "NODE_ENV": "production"])
    }
}
