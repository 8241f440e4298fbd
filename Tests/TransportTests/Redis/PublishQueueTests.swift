import Testing
import Transport

@Suite("The publish queue is bounded and keeps its order")
struct PublishQueueTests {
    private func next(_ queue: inout PublishQueue<Int>) -> Int? {
        queue.next()?.hint
    }

    private func take(_ queue: inout PublishQueue<Int>) throws -> (hint: Int, ticket: PublishTicket) {
        let next = queue.next()
        return try #require(next)
    }

    @Test func pastItsLimitTheOldestGo() {
        var queue = PublishQueue<Int>(limit: 3)
        #expect((1...3).map { queue.offer($0, bytes: 1) } == [0, 0, 0])
        #expect(queue.offer(4, bytes: 1) == 1)
        #expect([next(&queue), next(&queue), next(&queue), next(&queue)] == [2, 3, 4, nil])
    }

    @Test func pastItsBytesTheOldestGo() throws {
        var queue = PublishQueue<Int>(byteLimit: 100)
        #expect(queue.offer(1, bytes: 40) == 0)
        #expect(queue.offer(2, bytes: 40) == 0)
        #expect(queue.offer(3, bytes: 90) == 2)
        let third = try take(&queue)
        #expect(third.hint == 3)
        #expect(queue.offer(4, bytes: 20) == 1)
        queue.complete(third.ticket)
        #expect(queue.isEmpty)
        #expect(queue.offer(5, bytes: 100) == 0)
    }

    @Test func aWindowIsWrittenAtATime() throws {
        var queue = PublishQueue<Int>(window: 2)
        for hint in 1...4 { _ = queue.offer(hint, bytes: 1) }
        let first = try take(&queue)
        #expect([first.hint, next(&queue), next(&queue)] == [1, 2, nil])
        #expect(!queue.hasNext)
        queue.complete(first.ticket)
        #expect(queue.hasNext)
        #expect(next(&queue) == 3)
    }

    @Test func whatHasNoAnswerWaitsAgainAheadOfTheRest() throws {
        var queue = PublishQueue<Int>(limit: 4, window: 3)
        for hint in 1...4 { _ = queue.offer(hint, bytes: 1) }
        queue.complete(try take(&queue).ticket)
        _ = queue.next()
        _ = queue.next()
        queue.requeue()
        #expect(queue.count == 3)
        #expect([next(&queue), next(&queue), next(&queue)] == [2, 3, 4])
    }

    @Test func answersMayComeInAnyOrder() throws {
        var queue = PublishQueue<Int>(byteLimit: 100, window: 4)
        for hint in 1...5 { _ = queue.offer(hint, bytes: 20) }
        let tickets = (1...4).compactMap { _ in queue.next()?.ticket }
        queue.complete(tickets[1])
        queue.complete(tickets[1])
        queue.complete(tickets[2])
        #expect(queue.count == 3 && !queue.hasNext)
        #expect(queue.offer(6, bytes: 40) == 0)
        queue.complete(tickets[0])
        #expect(queue.count == 3)
        let fifth = try take(&queue)
        queue.complete(fifth.ticket)
        queue.requeue()
        #expect(queue.count == 2)
        // Of before the loss.
        queue.complete(tickets[3])
        #expect([next(&queue), next(&queue), next(&queue)] == [4, 6, nil])
    }
}
