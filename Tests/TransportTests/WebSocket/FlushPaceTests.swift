import NIOCore
import Testing

@testable import Transport

@Suite("A loop that flushes many connections rests in proportion, so that messages share system calls")
struct FlushPaceTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func pace(after count: Int, took time: TimeAmount) -> FlushPace {
        var pace = FlushPace()
        pace.flushed(count, from: start, to: start + time)
        return pace
    }

    @Test func theFirstFlushIsAtOnce() {
        #expect(FlushPace().wait(at: start) == nil)
    }

    @Test func afterManyTheNextOneRestsInProportion() {
        let pace = pace(after: FlushPace.many, took: .microseconds(100))
        let due = start + .microseconds(100 + 100 * FlushPace.rest)
        #expect(pace.wait(at: start + .microseconds(100)) == due)
        #expect(pace.wait(at: due - .nanoseconds(1)) == due)
        #expect(pace.wait(at: due) == nil)
    }

    @Test func afterFewItDoesNot() {
        #expect(pace(after: FlushPace.many - 1, took: .microseconds(100)).wait(at: start + .microseconds(100)) == nil)
    }

    @Test func noFrameWaitsLongerThanTheLimit() {
        #expect(pace(after: 5_000, took: .seconds(1)).wait(at: start + .seconds(1)) == start + .seconds(1) + FlushPace.longestRest)
    }
}
