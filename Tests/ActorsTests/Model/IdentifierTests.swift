import Testing

@testable import Actors

@Suite("Ids have one text form and ascend with time")
struct IdentifierTests {
    @Test func readsItsOwnText() {
        let text = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
        #expect(UserID(text)?.description == text)
    }

    @Test(arguments: [
        "", "0190a1b2", "0190A1B2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "0190a1b2c3d4-7e5f-8a9b-0c1d2e3f4a5b-",
        "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5", "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b0", "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5g",
        "{\"$gt\": \"\"}", "٠190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
    ])
    func refusesEverythingElse(text: String) {
        #expect(UserID(text) == nil)
    }

    @Test func ascendsWithinOneMillisecondAndWhenTheClockGoesBack() {
        let time = SteppingTime(milliseconds: [1_000, 1_000, 999, 1_001, 500])
        let generator = UUIDv7Generator(time: time)
        let ids = (0..<5).map { _ in generator.next(MessageID.self) }
        #expect(ids == ids.sorted())
        #expect(Set(ids).count == 5)
    }

    @Test func staysUniqueWhenTheCounterRunsOver() {
        let generator = UUIDv7Generator(time: SteppingTime(milliseconds: [7]))
        let ids = (0..<10_000).map { _ in generator.next(MessageID.self) }
        #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func carriesVersionVariantAndTime() {
        let id = UUIDv7Generator(time: SteppingTime(milliseconds: [0x0190_A1B2_C3D4])).next(MessageID.self).description
        #expect(id.hasPrefix("0190a1b2-c3d4-7"))
        #expect("89ab".contains(Array(id)[19]))
    }
}

/// Gives the moments of a list one after another, the last for ever.
private final class SteppingTime: TimeSource, @unchecked Sendable {
    // Each test calls it from one task.
    private var moments: [Int64]

    init(milliseconds: [Int64]) {
        moments = milliseconds
    }

    func now() -> Timestamp {
        Timestamp(milliseconds: moments.count > 1 ? moments.removeFirst() : moments[0])
    }

    func uptime() -> Duration { .zero }

    func sleep(for duration: Duration) async throws {}
}
