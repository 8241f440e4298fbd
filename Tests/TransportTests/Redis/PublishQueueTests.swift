import Testing
import Transport

@Suite("The publish queue is bounded and keeps its order")
struct PublishQueueTests {
    @Test func pastItsLimitTheOldestGo() {
        var queue = PublishQueue<Int>(limit: 3)
        #expect((1...3).map { queue.offer($0, bytes: 1) } == [0, 0, 0])
        #expect(queue.offer(4, bytes: 1) == 1)
        #expect([queue.next(), queue.next(), queue.next(), queue.next()] == [2, 3, 4, nil])
    }

    @Test func pastItsBytesTheOldestGo() {
        var queue = PublishQueue<Int>(byteLimit: 100)
        #expect(queue.offer(1, bytes: 40) == 0)
        #expect(queue.offer(2, bytes: 40) == 0)
        #expect(queue.offer(3, bytes: 90) == 2)
        #expect(queue.next() == 3)
        #expect(queue.offer(4, bytes: 20) == 1)
        queue.complete()
        #expect(queue.isEmpty)
        #expect(queue.offer(5, bytes: 100) == 0)
    }

    @Test func aWindowIsWrittenAtATime() {
        var queue = PublishQueue<Int>(window: 2)
        for hint in 1...4 { _ = queue.offer(hint, bytes: 1) }
        #expect([queue.next(), queue.next(), queue.next()] == [1, 2, nil])
        #expect(!queue.hasNext)
        queue.complete()
        #expect(queue.hasNext)
        #expect(queue.next() == 3)
    }

    @Test func whatHasNoAnswerWaitsAgainAheadOfTheRest() {
        var queue = PublishQueue<Int>(limit: 4, window: 3)
        for hint in 1...4 { _ = queue.offer(hint, bytes: 1) }
        _ = queue.next()
        queue.complete()
        _ = queue.next()
        _ = queue.next()
        queue.requeue()
        #expect(queue.count == 3)
        #expect([queue.next(), queue.next(), queue.next()] == [2, 3, 4])
    }
}
