import Actors
import TestSupport
import Testing

@Suite("A message can be followed from its sender to the other instance", .timeLimit(.minutes(3)))
struct TracingTests {
    private let steps = StepRecorder()

    @Test func theStepsOfASendLeadToEachOther() async throws {
        let instance = Instance("A", tracing: steps)
        let ada = try await instance.register("ada")
        let bob = try await instance.register("bob")
        let command = SendCommand(
            clientMessageID: try #require(ClientMessageID("m1")),
            content: "hello",
            destination: .user(bob.user.userID)
        )
        let principal = try await instance.gate.principal(forToken: ada.token)
        _ = try await instance.environment.messaging.send([command], from: principal)[0].get()
        _ = await instance.bus.traces.wait(count: 1)
        let ended = await steps.ended.wait(count: 4)
        let byStep = Dictionary(uniqueKeysWithValues: ended.map { ($0.step, $0) })
        #expect(Set(byStep.keys) == [.send, .append, .deliver, .publish])
        #expect(byStep[.send]?.parent == nil)
        #expect(byStep[.append]?.parent == byStep[.send]?.own)
        #expect(byStep[.deliver]?.parent == byStep[.append]?.own)
        #expect(byStep[.publish]?.parent == byStep[.append]?.own)
        #expect(instance.bus.traces.elements == [byStep[.publish]?.own])
        #expect(ended.allSatisfy { $0.failure == nil })
    }

    @Test func aSendThatFailsEndsItsStepsWithACode() async throws {
        let instance = Instance("A", tracing: steps)
        let ada = try await instance.register("ada")
        let command = SendCommand(
            clientMessageID: try #require(ClientMessageID("m1")),
            content: "hello",
            destination: .user(UserID(high: 9, low: 9))
        )
        let principal = try await instance.gate.principal(forToken: ada.token)
        _ = await instance.environment.messaging.send([command], from: principal)
        #expect(steps.ended.elements.map(\.failure) == ["NOT_FOUND"])
    }

    @Test func whatComesOverTheBusGoesOnWithItsTrace() async throws {
        let instance = Instance("B", tracing: steps)
        let bob = try await instance.register("bob")
        let connection = await instance.connect(bob)
        let trace = try #require(TraceParent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
        let message = Message(
            messageID: MessageID(high: 3, low: 1),
            conversationID: .direct(UserPair(UserID(high: 1, low: 9), bob.user.userID)),
            seq: 1,
            senderID: UserID(high: 1, low: 9),
            senderName: "ada",
            content: "hello",
            clientMessageID: try #require(ClientMessageID("m1")),
            createdAt: instance.time.now()
        )
        let origin = InstanceIdentity(instanceID: "A", boot: "x")
        instance.bus.deliver(BusDelivery(event: .message(message), eventID: BusEventID(high: 5, low: 1), origin: origin, trace: trace))
        instance.bus.finish()
        await instance.consumer.run()
        #expect(await connection.outbound.waitForMessages(1) == [message])
        let byStep = Dictionary(uniqueKeysWithValues: steps.ended.elements.map { ($0.step, $0) })
        #expect(byStep[.receive]?.parent == trace)
        #expect(byStep[.deliver]?.parent == byStep[.receive]?.own)
    }
}

/// Notes each step when it ends.
private final class StepRecorder: MessageTracing {
    struct Entry: Sendable {
        let step: TraceStep
        let parent: TraceParent?
        let own: TraceParent?
        let failure: String?
    }

    private struct Span: TraceSpan {
        let step: TraceStep
        let parent: TraceParent?
        let asParent: TraceParent?
        let ended: Recorder<Entry>

        func end(failure: String?) {
            ended.append(Entry(step: step, parent: parent, own: asParent, failure: failure))
        }
    }

    let ended = Recorder<Entry>()

    func begin(_ step: TraceStep, under parent: TraceParent?, messages count: Int) -> (any TraceSpan)? {
        let digits = String(UInt64.random(in: 1 << 60 ... .max), radix: 16)
        let own = TraceParent("00-0af7651916cd43dd8448eb211c80319c-\(digits)-01")
        return Span(step: step, parent: parent, asParent: own, ended: ended)
    }
}
