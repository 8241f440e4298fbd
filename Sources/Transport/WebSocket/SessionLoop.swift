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
    ///
    /// - Returns: how many frames went out together.
    func flushFrames() -> Int
}

/// The connections of one event loop: their common clock and their common flush.
///
/// One timer a loop ticks them all; what a turn of the loop wrote is flushed at its end, once a connection, or after a rest where that is much.
/// Everything but `executor` and `eventLoop` is used on the loop alone.
package final class SessionLoop: @unchecked Sendable {
    // Unchecked, as the variables are confined to the event loop: every access comes from a channel handler on it or from work given to it.

    package let executor: EventLoopExecutor
    private var connections: [any LoopMember] = []
    /// Those that this turn wrote to first.
    private var unflushed: [any LoopMember] = []
    /// Those whose flush rests.
    private var resting: [any LoopMember] = []
    private var pace = FlushPace()
    private var ticking: RepeatedTask?
    /// What every connection's frames of a turn begin with.
    private(set) var emptyRun = FrameRun()
    /// Of the client protocol, and of Socket.IO, which encodes in its own way.
    let latestFrame = LatestFrame()
    let latestPacket = LatestFrame()
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

    /// Flushes `connection` at the end of the loop's turn, or, where it is one of many, when the loop has rested from its last flush of many.
    func flushSoon(_ connection: any LoopMember) {
        eventLoop.assertInEventLoop()
        unflushed.append(connection)
        guard unflushed.count == 1 else { return }
        eventLoop.execute { self.endTurn() }
    }

    private func endTurn() {
        let written = unflushed
        unflushed.removeAll(keepingCapacity: written.count <= 1_024)
        guard let due = pace.due(written.count, at: .now()) else { return flush(written) }
        if resting.isEmpty { eventLoop.scheduleTask(deadline: due) { self.endRest() } }
        resting += written
    }

    private func endRest() {
        let rested = resting
        resting.removeAll(keepingCapacity: rested.count <= 1_024)
        flush(rested)
    }

    private func flush(_ connections: [any LoopMember]) {
        emptyRun = FrameRun()
        latestFrame.forget()
        latestPacket.forget()
        let start = NIODeadline.now()
        var frames = 0
        for connection in connections {
            frames += connection.flushFrames()
        }
        pace.flushed(connections.count, frames: frames, from: start, to: .now())
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
