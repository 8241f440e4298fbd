import Testing

@testable import Actors

@Suite("What waits for a commit goes together in the next")
struct CommitQueueTests {
    @Test func beginsOnceAndThenCollects() {
        var queue = CommitQueue<Int>(limit: 10)
        #expect(queue.offer(1, size: 1) == .begin)
        #expect(queue.next() == [1])
        #expect(queue.offer(2, size: 1) == .wait)
        #expect(queue.offer(3, size: 1) == .wait)
        #expect(queue.next() == [2, 3])
        #expect(queue.next() == nil)
        #expect(queue.offer(4, size: 1) == .begin)
    }

    @Test func refusesWhatIsPastTheLimitAndTakesSmallerOnes() {
        var queue = CommitQueue<Int>(limit: 3)
        #expect(queue.offer(1, size: 2) == .begin)
        #expect(queue.offer(2, size: 2) == .refuse)
        #expect(queue.offer(3, size: 1) == .wait)
        #expect(queue.next() == [1, 3])
        #expect(queue.offer(4, size: 3) == .wait)
    }
}
