import Actors
import TestSupport
import Testing

@Suite("What a session is brought has an end, and a SYNC says where that is")
struct CatchUpTests {
    private let one = ConversationID.direct(UserPair(UserID(high: 1, low: 1), UserID(high: 1, low: 2)))
    private let two = ConversationID.direct(UserPair(UserID(high: 1, low: 1), UserID(high: 1, low: 3)))

    private func synced(_ event: Event?) -> Synced? {
        guard case .synced(_, let synced) = event else { return nil }
        return synced
    }

    @Test func nothingMissedEndsAtOnce() {
        var catchUp = CatchUp()
        let end = synced(catchUp.begin(ref: "r", stamp: Stamp(5)))
        #expect(end == Synced(cursors: [:], stamp: Stamp(5), isComplete: true))
        #expect(!catchUp.isSyncing)
    }

    @Test func endsWhenEveryConversationIsDone() {
        var catchUp = CatchUp()
        catchUp.add(CatchUp.Lack(after: 3, lastSeq: 9, isReplay: false), in: one)
        catchUp.add(CatchUp.Lack(after: 0, lastSeq: 2, isReplay: false), in: two)
        #expect(synced(catchUp.begin(ref: nil, stamp: Stamp(5))) == nil)
        #expect(catchUp.places == [one: 3, two: 0])
        #expect(catchUp.wrote(2, upTo: 5, in: one, isDone: false) == .goOn)
        #expect(catchUp.wrote(2, upTo: 2, in: two, isDone: true) == .goOn)
        #expect(synced(catchUp.endIfDone()) == nil)
        #expect(catchUp.places == [one: 5])
        #expect(catchUp.wrote(4, upTo: 9, in: one, isDone: true) == .goOn)
        #expect(synced(catchUp.endIfDone()) == Synced(cursors: [one: 9, two: 2], stamp: Stamp(5), isComplete: true))
        #expect(synced(catchUp.endIfDone()) == nil)
    }

    @Test func aLongConversationIsSkippedAfterItsLimit() {
        var catchUp = CatchUp()
        catchUp.add(CatchUp.Lack(after: 0, lastSeq: 9_000, isReplay: false), in: one)
        _ = catchUp.begin(ref: nil, stamp: Stamp(5))
        for page in 1...4 { #expect(catchUp.wrote(200, upTo: Int64(page * 200), in: one, isDone: false) == .goOn) }
        #expect(catchUp.wrote(200, upTo: 1_000, in: one, isDone: false) == .skip)
        catchUp.drop(one)
        #expect(synced(catchUp.endIfDone()) == Synced(cursors: [one: 1_000], stamp: Stamp(5), isComplete: false))
    }

    @Test func manyConversationsAreSkippedAfterTheLimitOfAll() {
        var catchUp = CatchUp()
        let conversations = (2..<9).map { ConversationID.direct(UserPair(UserID(high: 1, low: 1), UserID(high: 1, low: $0))) }
        for conversation in conversations { catchUp.add(CatchUp.Lack(after: 7, lastSeq: 900, isReplay: false), in: conversation) }
        _ = catchUp.begin(ref: nil, stamp: Stamp(5))
        var written = 0
        for conversation in conversations.dropLast() {
            let count = min(catchUp.page(900), 900)
            written += count
            _ = catchUp.wrote(count, upTo: Int64(7 + count), in: conversation, isDone: count == 900)
        }
        #expect(written == CatchUp.limit)
        for conversation in catchUp.takeExcess() { catchUp.drop(conversation) }
        let end = synced(catchUp.endIfDone())
        #expect(end?.isComplete == false)
        #expect(end?.cursors[conversations[6]] == 7)
        #expect(end?.cursors.count == 7)
    }

    /// A channel that is joined meanwhile is brought its messages by the same loop and has no part in the SYNC.
    @Test func whatComesLaterIsNotOfTheSync() {
        var catchUp = CatchUp()
        catchUp.add(CatchUp.Lack(after: 0, lastSeq: 1, isReplay: false), in: one)
        _ = catchUp.begin(ref: nil, stamp: Stamp(5))
        catchUp.add(CatchUp.Lack(after: 0, lastSeq: 1, isReplay: true), in: two)
        _ = catchUp.wrote(1, upTo: 1, in: one, isDone: true)
        #expect(synced(catchUp.endIfDone())?.cursors == [one: 1])
        #expect(!catchUp.isEmpty)
    }
}
