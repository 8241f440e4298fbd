import TestSupport
import Testing

@testable import Actors

@Suite("An instance notes how much happens", .timeLimit(.minutes(3)))
struct ActivityTests {
    private let time = ManualTime()
    private let store = InMemoryStore()
    private let meter = ActivityMeter()

    private func recorder(connections: Int = 2) -> ActivityRecorder {
        ActivityRecorder(instanceID: "A", meter: meter, store: store, time: time) {
            var counts = ActivityCounts()
            counts[.connections] = connections
            return counts
        }
    }

    private var stored: [ActivitySpan] {
        get async throws { try await store.activity(in: 0..<Int64.max, step: 1) }
    }

    @Test("A minute is stored when it is over, once")
    func stored() async throws {
        let recorder = recorder()
        meter.stored(messages: 3)
        await recorder.look()
        meter.stored(messages: 2)
        await recorder.look()
        #expect(try await stored.isEmpty)
        #expect(await recorder.current.counts[.messages] == 5)
        time.advance(by: .seconds(60))
        await recorder.look()
        time.advance(by: .seconds(5))
        await recorder.look()
        let spans = try await stored
        #expect(spans.count == 1)
        #expect(spans.first?.counts[.messages] == 5)
        #expect(spans.first?.counts[.connections] == 2)
    }

    @Test("At the end the minute that runs is stored, with what ended last")
    func finished() async throws {
        let recorder = recorder()
        meter.stored(messages: 3)
        await recorder.look()
        meter.stored(messages: 1)
        meter.connectionEnded(after: .seconds(90))
        await recorder.finish()
        let spans = try await stored
        #expect(spans.map(\.start) == [ActivityLog.minute(of: time.now())])
        #expect(spans.first?.counts[.messages] == 4)
        #expect(spans.first?.counts[.withinTenMinutes] == 1)
        #expect(spans.first?.counts[.connections] == 2)
    }

    @Test("At the end a minute that was over and the one that ran are stored each")
    func finishedLater() async throws {
        let recorder = recorder()
        meter.stored(messages: 3)
        await recorder.look()
        time.advance(by: .seconds(61))
        meter.stored(messages: 1)
        await recorder.finish()
        #expect(try await stored.map { $0.counts[.messages] } == [3, 1])
    }

    @Test("Who starts again within the minute adds to what the life before has stored, and once")
    func restarted() async throws {
        let first = recorder(connections: 7)
        meter.stored(messages: 3)
        await first.look()
        let second = recorder(connections: 2)
        await second.look()
        // The first one ends only now, as where its successor is started before.
        await first.finish()
        meter.stored(messages: 4)
        await second.look()
        time.advance(by: .seconds(60))
        // The store is away at first.
        await store.failNext(.activityOfInstance, StoreError(.unavailable, "away"))
        await store.failNext(.recordActivity, StoreError(.unavailable, "away"))
        for _ in 0..<4 { await second.look() }
        let spans = try await stored
        #expect(spans.count == 1)
        #expect(spans.first?.counts[.messages] == 7)
        #expect(spans.first?.counts[.connections] == 7)
        let third = recorder(connections: 1)
        meter.stored(messages: 1)
        await third.finish()
        #expect(try await stored.map { $0.counts[.messages] } == [7, 1])
    }

    @Test("What the store didn't take is stored later, up to an hour of it")
    func storeAway() async throws {
        let recorder = recorder()
        await recorder.look()
        await store.failAll(StoreError(.unavailable, "away"))
        for _ in 0..<70 {
            meter.stored(messages: 1)
            time.advance(by: .seconds(60))
            await recorder.look()
        }
        await store.failAll(nil)
        await recorder.look()
        #expect(try await stored.count == ActivityLog.limit)
    }

    @Test(
        "A connection counts by how long it was",
        arguments: [
            (Duration.seconds(1), ActivityFigure.withinMinute), (.seconds(60), .withinMinute), (.seconds(61), .withinTenMinutes),
            (.seconds(3_600), .withinHour), (.seconds(8 * 3_600), .withinEightHours), (.seconds(80 * 3_600), .later),
        ]
    )
    func lengths(duration: Duration, figure: ActivityFigure) {
        meter.connectionEnded(after: duration)
        let counts = meter.take()
        for other in ActivityFigure.allCases { #expect(counts[other] == (other == figure ? 1 : 0)) }
        #expect(meter.take() == ActivityCounts())
    }

    @Test("After thirty days it is forgotten")
    func forgotten() async throws {
        let recorder = recorder()
        await recorder.look()
        time.advance(by: .seconds(60))
        await recorder.look()
        #expect(try await stored.count == 1)
        time.advance(by: .seconds(31 * 86_400))
        await recorder.look()
        let oldest = ActivityLog.minute(of: time.now()) - 30 * 1_440
        #expect(try await stored.allSatisfy { $0.start >= oldest })
    }
}
