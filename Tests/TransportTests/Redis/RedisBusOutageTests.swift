import Actors
import LocalCluster
import Logging
import Synchronization
import TestSupport
import Testing
import Transport

@Suite("The bus outlives Redis", .fewAtOnce, .timeLimit(.minutes(1)))
struct RedisBusOutageTests {
    @Test func killedAndStartedAgainItIsLostAndRestored() async throws {
        let server = try await RedisServer.start()
        let restored = Atomic(0)
        let a = try BusFixture(
            server.url,
            instance: "A",
            onRestored: { restored.add(1, ordering: .relaxed).newValue + 6 }
        )
        let b = try BusFixture(server.url, instance: "B")
        let before = Sample.message(seq: 1)
        let during = (2...50).map { Sample.message(seq: $0) }
        try await a.running {
            try await b.running {
                _ = try await a.bus.waitUntilReady()
                _ = try await b.bus.waitUntilReady()
                a.bus.publish(.message(before))
                await b.waitForMessage(before)
                await server.kill()
                let lost = await a.line("bus_lost")
                #expect(lost.level == .warning)
                #expect(a.bus.status == .reconnecting)
                await b.line("bus_lost")
                for message in during { a.bus.publish(.message(message)) }
                try await server.restart()
                let line = await a.line("bus_restored")
                #expect(line.metadata["reconciled"] == "7")
                #expect(line.metadata["downMs"].flatMap { Int($0) }.map { $0 >= 0 } == true)
                #expect(a.bus.status == .connected)
                await b.line("bus_restored")
                var changes = a.bus.statusChanges.makeAsyncIterator()
                for expected in [BusStatus.connected, .reconnecting, .connected] {
                    let change = await changes.next()
                    #expect(change == expected)
                }
                // What was queued went out when A was back: it came here too. B may have come back after that.
                await a.deliveries.wait { deliveries in during.allSatisfy { message in deliveries.contains { $0.message == message } } }
                #expect(a.deliveries.elements.compactMap(\.message?.seq) == Array(1...50))
                let after = Sample.message(seq: 99)
                a.bus.publish(.message(after))
                await b.waitForMessage(after)
            }
        }
        #expect(restored.load(ordering: .relaxed) == 1)
        await server.stop()
    }

    @Test func lostAgainWhileItsReturnIsBeingMadeUpForItIsNoticedAtOnce() async throws {
        let server = try await RedisServer.start()
        let begun = Recorder<Bool>()
        let released = Recorder<Bool>()
        let a = try BusFixture(
            server.url,
            instance: "A",
            onRestored: {
                begun.append(true)
                // In a task of its own nothing cancels it.
                await Task { _ = await released.wait(count: 1) }.value
                return begun.elements.count
            }
        )
        try await a.running {
            defer { released.append(true) }
            _ = try await a.bus.waitUntilReady()
            await server.kill()
            await a.line("bus_lost")
            try await server.restart()
            await begun.wait(count: 1)
            let start = ContinuousClock.now
            await server.kill()
            await a.line("bus_lost", count: 2)
            #expect(ContinuousClock.now - start < .seconds(6))
            #expect(a.bus.status == .reconnecting)
            try await server.restart()
            var changes = a.bus.statusChanges.makeAsyncIterator()
            for expected in [BusStatus.connected, .reconnecting, .connected, .reconnecting, .connected] {
                let change = await changes.next()
                #expect(change == expected)
            }
            released.append(true)
            #expect(await a.line("bus_restored").metadata["reconciled"] == "2")
            #expect(a.log.elements.count { $0.event == "bus_restored" } == 1)
        }
        #expect(begun.elements.count == 2)
        await server.stop()
    }

    @Test(arguments: [false, true])
    func hungItIsLostWithinSixSeconds(overTLS: Bool) async throws {
        var options = RedisServer.Options()
        options.usesTLS = overTLS
        let server = try await RedisServer.start(options)
        let a = try BusFixture(server.url, instance: "A", caFile: overTLS ? server.caFile : nil)
        let message = Sample.message()
        try await a.running {
            _ = try await a.bus.waitUntilReady()
            server.pause()
            let start = ContinuousClock.now
            a.bus.publish(.message(message))
            let lost = await a.line("bus_lost")
            #expect(lost.metadata["reason"] == "no probe came back in time")
            let took = ContinuousClock.now - start
            #expect(took > .milliseconds(1_500) && took < .milliseconds(7_000))
            server.resume()
            await a.line("bus_restored")
            await a.waitForMessage(message)
        }
        await server.stop()
    }

    @Test func aDeadSubscriptionAloneIsALoss() async throws {
        let server = try await RedisServer.start()
        let a = try BusFixture(server.url, instance: "A")
        let message = Sample.message()
        try await a.running {
            _ = try await a.bus.waitUntilReady()
            try await server.command("CLIENT", "KILL", "TYPE", "pubsub")
            await a.line("bus_lost")
            await a.line("bus_restored")
            a.bus.publish(.message(message))
            await a.waitForMessage(message)
        }
        await server.stop()
    }

    @Test func unreachableAtBootItIsDisabledAndEnabledLater() async throws {
        let port = try ReservedPort()
        defer { withExtendedLifetime(port) {} }
        let a = try BusFixture("redis://user:S3cret@127.0.0.1:\(port.number)", instance: "A") { $0.initTimeout = .milliseconds(2_000) }
        try await a.running {
            let readiness = try await a.bus.waitUntilReady()
            #expect(readiness == .disabled(reason: "Redis unavailable or timeout"))
            let events = a.log.elements.filter { $0.level == .warning }
            #expect(events.map(\.event) == ["connect_failed", "init_timeout", "bus_disabled"])
            #expect(events[1].metadata == ["timeoutMs": "2000"])
            #expect(events[2].metadata == ["reason": "Redis unavailable or timeout", "NODE_ENV": "development"])
            #expect(a.bus.status == .unreached)
            a.bus.publish(.message(Sample.message()))
            var options = RedisServer.Options()
            options.users = ["user on >S3cret &* +@all"]
            let server = try await RedisServer.start(options, port: port)
            await a.line("bus_enabled")
            #expect(a.bus.status == .connected)
            var changes = a.bus.statusChanges.makeAsyncIterator()
            for expected in [BusStatus.unreached, .connected] {
                let change = await changes.next()
                #expect(change == expected)
            }
            let message = Sample.message()
            a.bus.publish(.message(message))
            await a.waitForMessage(message)
            #expect(a.deliveries.elements.count == 1)
            await server.stop()
        }
        #expect(!a.log.elements.contains { "\($0)".contains("S3cret") })
    }

    @Test func requiredAndUnreachableItEndsTheProcessWithAWord() async throws {
        let port = try ReservedPort()
        defer { withExtendedLifetime(port) {} }
        let a = try BusFixture("redis://user:S3cret@127.0.0.1:\(port.number)", instance: "A") {
            $0.initTimeout = .milliseconds(1_000)
            $0.isRequired = true
        }
        let error = try await a.running {
            await #expect(throws: BusStartError.self) { try await a.bus.waitUntilReady() }
        }
        let text = try #require(error).description
        #expect(text.contains("127.0.0.1:\(port.number)") && text.contains("connection refused") && text.contains("BUS_REQUIRED=false"))
        #expect(!text.contains("S3cret") && !text.contains("\n"))
        let another = try BusFixture("redis://127.0.0.1:\(port.number)", instance: "A") {
            $0.initTimeout = .milliseconds(50)
            $0.isRequired = true
        }
        await #expect(throws: BusStartError.self) { try await another.bus.run() }
        #expect(BusStartError.exitStatus == 69)
    }

    @Test func aServerThatNeverAnswersCountsAsUnreachable() async throws {
        let server = try await RedisServer.start()
        server.pause()
        let a = try BusFixture(server.url, instance: "A") {
            $0.initTimeout = .milliseconds(2_500)
            $0.connectTimeout = .milliseconds(1_000)
        }
        try await a.running {
            let readiness = try await a.bus.waitUntilReady()
            #expect(readiness == .disabled(reason: "Redis unavailable or timeout"))
            #expect(await a.line("connect_failed").metadata["reason"] == "Redis did not answer in time")
            server.resume()
            await a.line("bus_enabled")
        }
        await server.stop()
    }

    @Test func pastTheQueuesLimitTheOldestHintsGo() async throws {
        let server = try await RedisServer.start()
        let a = try BusFixture(server.url, instance: "A") { $0.queueLimit = 10 }
        try await a.running {
            _ = try await a.bus.waitUntilReady()
            await server.kill()
            await a.line("bus_lost")
            for seq in 1...30 { a.bus.publish(.message(Sample.message(seq: Int64(seq)))) }
            #expect(await a.line("publish_dropped").metadata == ["count": "1"])
            try await server.restart()
            let line = await a.line("publish_dropped", count: 2)
            #expect(line.metadata == ["count": "19"])
            let heard = await a.deliveries.wait(count: 10)
            #expect(heard.compactMap(\.message?.seq) == Array(21...30))
        }
        #expect(a.counters.values["switchboard_bus_publish_dropped_total"] == 20)
        #expect(a.counters.values["switchboard_bus_lost_total"] == 1)
        await server.stop()
    }

    @Test func whatTheConsumerCanNotTakeIsDroppedAndReconciled() async throws {
        let server = try await RedisServer.start()
        let reconciled = Recorder<Bool>()
        let a = try BusFixture(server.url, instance: "A") {
            $0.receiveLimit = 4
        } onRestored: {
            reconciled.append(true)
            return 0
        }
        let run = Task { try await a.bus.run() }
        _ = try await a.bus.waitUntilReady()
        for seq in 1...20 { a.bus.publish(.message(Sample.message(seq: Int64(seq)))) }
        await a.line("receive_dropped")
        await reconciled.wait(count: 1)
        await a.line("chat_message_published", count: 20)
        run.cancel()
        try await run.value
        var left: [Int64] = []
        for await delivery in a.bus.events(.messages) { left += [delivery.message?.seq].compactMap(\.self) }
        #expect(left.count == 4)
        await server.stop()
    }

    @Test func whatRedisRefusesIsToldAndForgotten() async throws {
        var options = RedisServer.Options()
        options.users = ["user on >pass &* +@all"]
        let server = try await RedisServer.start(options)
        let a = try BusFixture("redis://user:pass@127.0.0.1:\(server.port)", instance: "A")
        try await a.running {
            _ = try await a.bus.waitUntilReady()
            try await server.command("ACL", "SETUSER", "user", "-publish")
            a.bus.publish(.message(Sample.message()))
            // The bus's own probes are refused too, and one may be before the message.
            let refused = await a.log.wait { $0.contains { $0.event == "publish_failed" && $0.metadata["channel"] == "chat.message" } }
            #expect(refused.filter { $0.event == "publish_failed" }.allSatisfy { $0.metadata["error"] == "NOPERM" })
            try await server.command("ACL", "SETUSER", "user", "+publish")
            let message = Sample.message()
            a.bus.publish(.message(message))
            await a.waitForMessage(message)
        }
        #expect(a.counters.values["switchboard_bus_publish_failed_total"] == 1)
        await server.stop()
    }
}
