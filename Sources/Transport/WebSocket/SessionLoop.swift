package import NIOCore
import Synchronization

/// Something that lives on an event loop and is ticked and flushed with the others there.
protocol LoopMember: AnyObject {
    /// Where it stands in its loop's list.
    var position: Int? { get set }

    /// Bytes that wait for its client.
    var waitingBytes: Int { get }

    /// Once a second.
    func tick()

    /// Soon after it was asked for; see `SessionLoop.flushSoon`.
    func flush()
}

/// The connections of one event loop: their common clock and their common flush.
///
/// One timer a loop ticks them all; what a turn of the loop wrote is flushed at its end, once a connection, and less often where that is much.
/// Everything but `executor` and `eventLoop` is used on the loop alone.
package final class SessionLoop: @unchecked Sendable {
    // Unchecked, as the variables are confined to the event loop: every access comes from a channel handler on it or from work given to it.

    package let executor: EventLoopExecutor
    private var connections: [any LoopMember] = []
    private var unflushed: [any LoopMember] = []
    private var pace = FlushPace()
    private var ticking: RepeatedTask?
    /// What every connection's frames of a turn begin with.
    private(set) var emptyRun = FrameRun()
    /// Of the client protocol, and of Socket.IO, which encodes in its own way.
    var latestFrame = LatestFrame()
    var latestPacket = LatestFrame()
    private let waitingBytes = Atomic(0)
    private let mostWaitingBytes = Atomic(0)

    package var eventLoop: any EventLoop { executor.eventLoop }

    /// Bytes that waited for this loop's clients at its last tick: of all together, and of the one with the most. May be read from anywhere.
    var outbound: (sum: Int, most: Int) {
        (waitingBytes.load(ordering: .relaxed), mostWaitingBytes.load(ordering: .relaxed))
    }

    init(eventLoop: any EventLoop) {
        executor = EventLoopExecutor(eventLoop: eventLoop)
    }

    func add(_ connection: any LoopMember) {
        eventLoop.assertInEventLoop()
        connection.position = connections.count
        connections.append(connection)
        guard ticking == nil else { return }
        ticking = eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            self.tick()
        }
    }

    func remove(_ connection: any LoopMember) {
        eventLoop.assertInEventLoop()
        guard let position = connection.position else { return }
        connection.position = nil
        let last = connections.removeLast()
        if last !== connection {
            connections[position] = last
            last.position = position
        }
        guard connections.isEmpty else { return }
        ticking?.cancel()
        ticking = nil
        note(waiting: 0, most: 0)
    }

    /// Flushes `connection` at the end of the loop's turn, or when the loop has rested from its last flush of many.
    func flushSoon(_ connection: any LoopMember) {
        eventLoop.assertInEventLoop()
        unflushed.append(connection)
        guard unflushed.count == 1 else { return }
        if let due = pace.wait(at: .now()) {
            eventLoop.scheduleTask(deadline: due) { self.flush() }
        } else {
            eventLoop.execute { self.flush() }
        }
    }

    private func flush() {
        let waiting = unflushed
        unflushed.removeAll(keepingCapacity: waiting.count <= 1_024)
        emptyRun = FrameRun()
        latestFrame.forget()
        latestPacket.forget()
        let start = NIODeadline.now()
        for connection in waiting {
            connection.flush()
        }
        pace.flushed(waiting.count, from: start, to: .now())
    }

    private func tick() {
        // A tick may close connections; the loop goes over the list as it was.
        var (sum, most) = (0, 0)
        for connection in connections {
            let bytes = connection.waitingBytes
            sum += bytes
            most = max(most, bytes)
            connection.tick()
        }
        note(waiting: sum, most: most)
    }

    private func note(waiting sum: Int, most: Int) {
        waitingBytes.store(sum, ordering: .relaxed)
        mostWaitingBytes.store(most, ordering: .relaxed)
    }
}
