import Actors
import Testing

@Suite("The parts of a SYNC are one")
struct SyncPartsTests {
    private let one = ConversationID.direct(UserPair(UserID(high: 1, low: 1), UserID(high: 1, low: 2)))
    private let two = ConversationID.direct(UserPair(UserID(high: 1, low: 1), UserID(high: 1, low: 3)))

    private func part(_ cursors: [ConversationID: Int64] = [:], _ stamp: UInt64? = nil, hasMore: Bool = true) -> SyncCommand {
        SyncCommand(cursors: cursors, stamp: stamp.map { Stamp($0) }, hasMore: hasMore)
    }

    @Test func theyBringTheirCursorsAndTheLowestStampTogether() {
        var parts = SyncParts()
        parts.add(part([one: 1], 9))
        parts.add(part([two: 2], 7))
        #expect(parts.count == 2)
        #expect(parts.finish(with: part([one: 3], hasMore: false)) == part([one: 3, two: 2], 7, hasMore: false))
        #expect(parts.finish(with: part(hasMore: false)) == part(hasMore: false))
    }

    @Test func oneThatIsRefusedTakesAllWithIt() {
        var parts = SyncParts()
        parts.add(part([one: 1], 9))
        parts.refuse(hasMore: true)
        #expect(parts.isRefused)
        parts.refuse(hasMore: false)
        #expect(!parts.isRefused)
        #expect(parts.finish(with: part([two: 2], hasMore: false)) == part([two: 2], hasMore: false))
    }
}
