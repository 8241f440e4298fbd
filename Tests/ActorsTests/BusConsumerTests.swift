import Actors
import Logging
import TestSupport
import Testing

@Suite("What other instances tell is acted on, what this one told is not", .timeLimit(.minutes(3)))
struct BusConsumerTests {
    private let instance = Instance("B")

    private func delivery(_ event: BusEvent, from origin: InstanceIdentity, id: UInt64 = 1) -> BusDelivery {
        BusDelivery(event: event, eventID: BusEventID(high: 5, low: id), origin: origin)
    }

    private func message(to recipient: UserID, from sender: UserID) throws -> Message {
        Message(
            messageID: MessageID(high: 3, low: 1),
            conversationID: .direct(UserPair(sender, recipient)),
            seq: 1,
            senderID: sender,
            senderName: "ada",
            content: "hello",
            clientMessageID: try #require(ClientMessageID("m1")),
            createdAt: instance.time.now()
        )
    }

    @Test func deliversAMessageOfAnotherInstance() async throws {
        let bob = try await instance.register("bob")
        let connection = await instance.connect(bob)
        let message = try message(to: bob.user.userID, from: UserID(high: 1, low: 9))
        instance.bus.deliver(delivery(.message(message), from: InstanceIdentity(instanceID: "A", boot: "x")))
        instance.bus.finish()
        await instance.consumer.run()
        #expect(await connection.outbound.waitForMessages(1) == [message])
        #expect(instance.bus.published.elements.isEmpty)
    }

    @Test func ignoresItsOwnButNotItsNamesakes() async throws {
        let bob = try await instance.register("bob")
        let connection = await instance.connect(bob)
        let message = try message(to: bob.user.userID, from: UserID(high: 1, low: 9))
        instance.bus.deliver(delivery(.message(message), from: instance.identity, id: 1))
        let namesake = InstanceIdentity(instanceID: instance.identity.instanceID, boot: "another life")
        instance.bus.deliver(delivery(.message(message), from: namesake, id: 2))
        instance.bus.finish()
        await instance.consumer.run()
        await connection.executor.settle()
        #expect(connection.outbound.messages.count == 1)
    }

    @Test func carriesOutAKick() async throws {
        let bob = try await instance.register("bob")
        let connection = await instance.connect(bob)
        let kick = Kick.ban(bob.user.userID, authEpoch: 1)
        instance.bus.deliver(delivery(.kick(kick), from: InstanceIdentity(instanceID: "A", boot: "x")))
        instance.bus.finish()
        await instance.consumer.run()
        #expect(connection.outbound.closeReason == .suspended)
    }

    @Test func tellsOfAMembershipThatItCouldNotFollow() async throws {
        let lines = Recorder<RecordedLine>()
        let counters = CounterRecorder()
        let instance = Instance(
            "B",
            metrics: ChatMetrics(factory: counters),
            logger: Logger(label: "RedisBusHandler") { _ in RecordingLogHandler(lines) }
        )
        let bob = try await instance.register("bob")
        _ = await instance.connect(bob)
        await instance.store.failNext(.isMember, StoreError(.unavailable, "gone"))
        let name = try #require(ChannelName("general"))
        let event = ChatEvent.membership(name, bob.user.userID, isMember: true)
        instance.bus.deliver(delivery(.chat(event), from: InstanceIdentity(instanceID: "A", boot: "x"), id: 7))
        instance.bus.finish()
        await instance.consumer.run()
        let line = try #require(lines.elements.first { $0.event == "handler_failed" })
        #expect(line.level == .warning)
        #expect(
            line.metadata == [
                "id": "\(BusEventID(high: 5, low: 7))", "originInstanceId": "A", "channelId": "ch:general", "userId": "\(bob.user.userID)",
                "error": "store error (unavailable)",
            ]
        )
        #expect(counters.values["switchboard_bus_handler_failed_total"] == 1)
    }
}
