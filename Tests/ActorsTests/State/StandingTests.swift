import Actors
import TestSupport
import Testing

@Suite("Where a session stands decides what is written to it, and what it lacks is known by number")
struct StandingTests {
    private let dm = ConversationID.direct(UserPair(UserID(high: 1, low: 1), UserID(high: 1, low: 2)))
    private let other = ConversationID.direct(UserPair(UserID(high: 1, low: 1), UserID(high: 1, low: 3)))

    private func place(_ after: Int64, of lastSeq: Int64) -> [ConversationID: MissedConversation] {
        [dm: MissedConversation(conversationID: dm, after: after, lastSeq: lastSeq)]
    }

    @Test func liveGetsEverything() {
        var standing = Standing(isHeld: false)
        #expect(standing.isPlain)
        #expect(standing.admits(7, in: dm) == true)
        #expect(standing.hasHad(7, in: dm))
    }

    @Test func heldGetsNothingAndThenLacksWhatWasWithheld() {
        var standing = Standing(isHeld: true)
        #expect(standing.admits(7, in: dm) == false)
        #expect(standing.admits(8, in: dm) == false)
        #expect(standing.hasHad(3, in: dm) == false)
        #expect(standing.release([:], delivered: { _ in 8 }) == [dm: 6])
        // Live in every other conversation at once.
        #expect(standing.admits(1, in: other) == true)
        #expect(standing.admits(9, in: dm) == false)
        #expect(standing.advance(to: 8, in: dm, delivered: 9, lastSeq: 0) == false)
        #expect(standing.advance(to: 9, in: dm, delivered: 9, lastSeq: 0) == true)
        #expect(standing.isPlain)
        #expect(standing.admits(10, in: dm) == true)
    }

    @Test func heldWithoutDeliveriesGoesLiveAtOnce() {
        var standing = Standing(isHeld: true)
        #expect(standing.release([:], delivered: { _ in nil }) == [:])
        #expect(standing.isPlain)
    }

    @Test func whoNamesAnEarlierPlaceIsBehindFromThere() {
        var standing = Standing(isHeld: true)
        #expect(standing.admits(7, in: dm) == false)
        #expect(standing.release(place(4, of: 6), delivered: { _ in 7 }) == [dm: 4])
        #expect(standing.hasHad(4, in: dm))
        #expect(!standing.hasHad(5, in: dm))
    }

    /// The client has read over HTTP what the deliveries here don't know of yet.
    @Test func whoIsAheadIsNotToldAgain() {
        var standing = Standing(isHeld: true)
        #expect(standing.release(place(9, of: 9), delivered: { _ in 5 }) == [:])
        #expect(!standing.isPlain)
        #expect(standing.admits(6, in: dm) == false)
        #expect(standing.admits(9, in: dm) == false)
        #expect(standing.admits(10, in: dm) == true)
        #expect(standing.isPlain)
    }

    /// Nothing of the conversation was delivered here yet, but the store has more than the client.
    @Test func whatTheStoreKnowsCountsToo() {
        var standing = Standing(isHeld: true)
        #expect(standing.release(place(2, of: 5), delivered: { _ in nil }) == [dm: 2])
        #expect(standing.advance(to: 4, in: dm, delivered: nil, lastSeq: 5) == false)
        #expect(standing.advance(to: 5, in: dm, delivered: nil, lastSeq: 5) == true)
        #expect(standing.admits(5, in: dm) == false)
        #expect(standing.admits(6, in: dm) == true)
    }

    @Test func whoSkipsIsLiveAboveThatNumber() {
        var standing = Standing(isHeld: true)
        #expect(standing.release(place(2, of: 5_000), delivered: { _ in nil }) == [dm: 2])
        standing.skip(to: 5_000, in: dm)
        #expect(standing.admits(5_000, in: dm) == false)
        #expect(standing.admits(5_001, in: dm) == true)
    }
}
