import NIOCore
import Testing

@testable import Transport

@Suite("A loop that flushes many connections rests in proportion, so that messages share system calls")
struct FlushPaceTests {
    private let many = FlushPace.many
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let took = TimeAmount.microseconds(100)
    private var end: NIODeadline { start + took }

    /// - Parameter frames: how many went to each connection.
    private func pace(after count: Int, frames: Int = 1, took time: TimeAmount? = nil) -> FlushPace {
        var pace = FlushPace()
        pace.flushed(count, frames: count * frames, from: start, to: start + (time ?? took))
        return pace
    }

    @Test func theFirstFlushIsAtOnce() {
        #expect(FlushPace().due(many, at: start) == nil)
    }

    @Test func afterManyTheNextOneRestsInProportion() {
        let pace = pace(after: many)
        let due = end + took * FlushPace.rest
        #expect(pace.due(many, at: end) == due)
        #expect(pace.due(many, at: due - .nanoseconds(1)) == due)
        #expect(pace.due(many, at: due) == nil)
    }

    @Test func whatGoesToFewNeverWaits() {
        #expect(pace(after: many).due(many - 1, at: end) == nil)
        #expect(pace(after: many, frames: 8).due(many - 1, at: end) == nil)
    }

    @Test func afterFewNobodyWaits() {
        #expect(pace(after: many - 1, frames: 8).due(many, at: end) == nil)
    }

    @Test func fewBetweenDoNotEndTheRest() {
        var pace = pace(after: many)
        pace.flushed(1, frames: 1, from: end, to: end)
        #expect(pace.due(many, at: end) == end + took * FlushPace.rest)
    }

    @Test func afterASharedFlushTheRestBeginsWithTheNextFrame() {
        let pace = pace(after: many, frames: 2)
        let last = end + FlushPace.pause - .nanoseconds(1)
        #expect(pace.due(many, at: end) == end + took * FlushPace.rest)
        #expect(pace.due(many, at: last) == last + took * FlushPace.rest)
        #expect(pace.due(many, at: end + FlushPace.pause) == nil)
    }

    @Test func aRestThatBroughtNothingIsNotExpectedToBringMore() {
        var pace = pace(after: many, frames: 8)
        pace.flushed(many, frames: many, from: start, to: end)
        #expect(pace.due(many, at: end + took * FlushPace.rest) == nil)
    }

    @Test(arguments: [1, 8]) func noFrameWaitsLongerThanTheLimit(frames: Int) {
        let end = start + .seconds(1)
        #expect(pace(after: 5_000, frames: frames, took: .seconds(1)).due(many, at: end) == end + FlushPace.longestRest)
    }
}
