import Actors
import Testing

@Suite("Typing is told at most once in two seconds and shown for at most six")
struct TypingTests {
    private let user = UserID(high: 1, low: 2)
    private let dm = ConversationID.direct(UserPair(UserID(high: 1, low: 1), UserID(high: 1, low: 2)))
    private let channel = ConversationID("ch:general")

    @Test func onceInTwoSecondsAndConversation() throws {
        let channel = try #require(channel)
        var throttle = TypingThrottle()
        #expect(throttle.admits(true, in: dm, at: .zero) == true)
        #expect(throttle.admits(true, in: dm, at: .milliseconds(1_999)) == false)
        #expect(throttle.admits(true, in: channel, at: .milliseconds(1_999)) == true)
        #expect(throttle.admits(true, in: dm, at: .seconds(2)) == true)
    }

    @Test func stoppingIsToldOnceAndAllowsNothingNew() {
        var throttle = TypingThrottle()
        #expect(throttle.admits(false, in: dm, at: .zero) == false)
        #expect(throttle.admits(true, in: dm, at: .zero) == true)
        #expect(throttle.admits(false, in: dm, at: .milliseconds(10)) == true)
        #expect(throttle.admits(false, in: dm, at: .milliseconds(20)) == false)
        #expect(throttle.admits(true, in: dm, at: .milliseconds(30)) == false)
        #expect(throttle.admits(true, in: dm, at: .seconds(2)) == true)
    }

    @Test func expiresSixSecondsAfterTheLastSign() {
        var board = TypingBoard()
        let entry = TypingBoard.Entry(conversation: dm, user: user)
        board.note(true, entry, at: .zero)
        board.note(true, entry, at: .seconds(3))
        #expect(board.nextDeadline == .seconds(9))
        #expect(board.expire(at: .seconds(8)) == [])
        #expect(board.expire(at: .seconds(9)) == [entry])
        #expect(board.isEmpty)
    }

    @Test func whoSaysSoHasNothingToExpire() {
        var board = TypingBoard()
        let entry = TypingBoard.Entry(conversation: dm, user: user)
        board.note(true, entry, at: .zero)
        board.note(false, entry, at: .seconds(1))
        #expect(board.nextDeadline == nil)
    }
}
