import Actors
import FoundationEssentials
import TestSupport
import Testing
import Transport

@Suite("Callers that append at once share transactions")
struct SQLiteAppendRateTests {
    private let fixture = Fixture()

    /// With `APPEND_RATE_MESSAGES` in the environment it stores so many, and says how fast.
    @Test
    func `fifty callers each get their own conversation's next number`() async throws {
        let wanted = ProcessInfo.processInfo.environment["APPEND_RATE_MESSAGES"].flatMap { Int($0) }
        let (callers, each) = (50, max(1, (wanted ?? 1_000) / 50))
        try await StoreDirectory.with { directory in
            let store = try await SQLiteStore.open(path: directory.path("store.db"))
            let people = (0..<callers).map { _ in (fixture.user(), fixture.user()) }
            let start = ContinuousClock.now
            try await withThrowingTaskGroup { group in
                for (sender, recipient) in people {
                    let drafts = (0..<each).map { _ in fixture.draft(from: sender, String(repeating: "x", count: 100)) }
                    group.addTask {
                        let conversation = ConversationID.direct(UserPair(sender.userID, recipient.userID))
                        for (index, draft) in drafts.enumerated() {
                            let outcomes = try await store.append([draft], to: conversation)
                            #expect(outcomes == [.stored(draft.message(in: conversation, seq: Int64(index + 1)))])
                        }
                    }
                }
                try await group.waitForAll()
            }
            if wanted != nil {
                let seconds = Double((ContinuousClock.now - start).milliseconds) / 1_000
                print("\(callers * each) messages of \(callers) callers in \(seconds) s: \(Int(Double(callers * each) / seconds)) a second")
            }
            await store.close()
        }
    }
}
