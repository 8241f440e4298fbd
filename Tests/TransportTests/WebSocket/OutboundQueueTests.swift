import Testing

@testable import Actors
@testable import Transport

@Suite("What waits for a client is bounded in bytes")
struct OutboundQueueTests {
    private func offer(
        _ queue: inout OutboundQueue<Int>,
        _ element: Int,
        bytes: Int,
        essential: Bool = true,
        writable: Bool = false,
        buffered: Int = 0
    ) -> OutboundQueue<Int>.Action {
        queue.offer(element, bytes: bytes, isEssential: essential, isWritable: writable, buffered: buffered)
    }

    @Test func writesAtOnceWhileTheSocketTakesMore() {
        var queue = OutboundQueue<Int>(limit: OutboundLimit(bytes: 100))
        #expect(offer(&queue, 1, bytes: 10, writable: true) == .write)
        #expect(queue.isEmpty)
    }

    @Test func keepsTheOrderOfWhatWaits() {
        var queue = OutboundQueue<Int>(limit: OutboundLimit(bytes: 100))
        #expect(offer(&queue, 1, bytes: 10) == .wait)
        #expect(offer(&queue, 2, bytes: 10, writable: true) == .wait)
        #expect(queue.bytes == 20)
        #expect(queue.next() == 1)
        #expect(queue.next() == 2)
        #expect(queue.next() == nil)
        #expect(queue.bytes == 0)
    }

    @Test func countsTheSocketsOwnBuffer() {
        var queue = OutboundQueue<Int>(limit: OutboundLimit(bytes: 100))
        #expect(offer(&queue, 1, bytes: 41, buffered: 60) == .overflow)
        #expect(offer(&queue, 1, bytes: 40, buffered: 60) == .wait)
    }

    /// Who has read everything was not slow.
    @Test func takesOneElementWhateverItsSize() {
        var queue = OutboundQueue<Int>(limit: OutboundLimit(bytes: 100))
        #expect(offer(&queue, 1, bytes: 500, writable: true) == .write)
        #expect(offer(&queue, 2, bytes: 500) == .wait)
        #expect(offer(&queue, 3, bytes: 1) == .overflow)
        #expect(offer(&queue, 4, bytes: 500, buffered: 1) == .overflow)
    }

    @Test func leavesOutWhatIsNotEssentialPastHalf() {
        var queue = OutboundQueue<Int>(limit: OutboundLimit(bytes: 100))
        #expect(offer(&queue, 1, bytes: 45) == .wait)
        #expect(offer(&queue, 2, bytes: 10, essential: false) == .skip)
        #expect(offer(&queue, 3, bytes: 10) == .wait)
    }
}
