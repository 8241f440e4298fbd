import TestSupport
import Testing

@testable import Actors

@Suite("A cursor lets each number through once, in order")
struct CursorTests {
    private func cursor(at position: Int64?) -> Cursor<String> {
        Cursor(position: position)
    }

    private func receive(_ cursor: inout Cursor<String>, _ seq: Int64) -> Cursor<String>.Arrival {
        cursor.receive("\(seq)", seq: seq)
    }

    @Test func deliversWhatIsNextAndDropsWhatWas() {
        var cursor = cursor(at: 4)
        #expect(receive(&cursor, 5) == .deliver)
        #expect(receive(&cursor, 5) == .drop)
        #expect(receive(&cursor, 1) == .drop)
        #expect(cursor.position == 5)
    }

    @Test func fillsAGapOnceAndKeepsWhatCameAhead() {
        var cursor = cursor(at: 4)
        #expect(receive(&cursor, 7) == .fill)
        #expect(receive(&cursor, 8) == .wait)
        #expect(receive(&cursor, 5) == .wait)
        #expect(cursor.nextQuestion() == .messages(after: 4))
        let inTurn = cursor.fill([(5, "stored 5"), (6, "stored 6"), (7, "stored 7")])
        #expect(inTurn == ["5", "stored 6", "7", "8"])
        #expect(cursor.nextQuestion() == nil)
        #expect(receive(&cursor, 9) == .deliver)
    }

    @Test func asksAgainForWhatTheStoreDidNotShowYet() {
        var cursor = cursor(at: 0)
        #expect(receive(&cursor, 3) == .fill)
        #expect(cursor.fill([(1, "1")]) == ["1"])
        #expect(cursor.nextQuestion() == .messages(after: 1))
        #expect(cursor.fill([]).isEmpty)
        #expect(cursor.nextQuestion() == .messages(after: 1))
        #expect(cursor.fill([(2, "2"), (3, "stored 3"), (4, "4")]) == ["2", "3", "4"])
        #expect(receive(&cursor, 4) == .drop)
        #expect(cursor.nextQuestion() == nil)
    }

    @Test func neverSkipsAHoleInWhatTheStoreShows() {
        var cursor = cursor(at: 0)
        #expect(receive(&cursor, 3) == .fill)
        #expect(cursor.fill([(1, "1"), (3, "stored 3")]) == ["1"])
        #expect(cursor.nextQuestion() == .messages(after: 1))
    }

    @Test func learnsWhereItBegins() {
        var cursor = cursor(at: nil)
        #expect(receive(&cursor, 9) == .fill)
        #expect(receive(&cursor, 7) == .wait)
        #expect(cursor.nextQuestion() == .position)
        #expect(cursor.locate(at: 7).isEmpty)
        #expect(cursor.nextQuestion() == .messages(after: 7))
        #expect(cursor.fill([(8, "8"), (9, "stored 9")]) == ["8", "9"])
        #expect(cursor.nextQuestion() == nil)
    }

    @Test func deliversAtOnceWhereItBeginsBelowTheFirstArrival() {
        var cursor = cursor(at: nil)
        #expect(receive(&cursor, 5) == .fill)
        #expect(cursor.locate(at: 4) == ["5"])
        #expect(cursor.nextQuestion() == nil)
    }

    @Test func keepsABoundedNumberAheadAndReadsTheRest() {
        var cursor = Cursor<String>(position: 0, aheadLimit: 1)
        #expect(cursor.receive("2", seq: 2) == .fill)
        #expect(cursor.receive("3", seq: 3) == .wait)
        #expect(cursor.fill([(1, "1")]) == ["1", "2"])
        #expect(cursor.nextQuestion() == .messages(after: 2))
        #expect(cursor.fill([(3, "stored 3")]) == ["stored 3"])
        #expect(cursor.nextQuestion() == nil)
    }

    /// Whatever the order in which numbers arrive, and with every second one lost, all come out in order.
    @Test(arguments: 0..<50)
    func anyOrderComesOutInOrder(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var cursor = Cursor<Int64>(position: 0, aheadLimit: 8)
        var delivered: [Int64] = []
        let all = (1...200).map(Int64.init)
        for seq in all.filter({ $0.isMultiple(of: 2) }).shuffled(using: &generator) {
            switch cursor.receive(seq, seq: seq) {
            case .deliver: delivered.append(seq)
            case .drop, .wait: break
            case .fill:
                while case .messages(let after) = cursor.nextQuestion() {
                    let page = all.filter { $0 > after }.prefix(Int.random(in: 0...5, using: &generator))
                    delivered += cursor.fill(page.map { ($0, $0) })
                }
            }
        }
        #expect(delivered == Array(1...Int64(delivered.count)))
        #expect(delivered.count >= 200)
    }
}
