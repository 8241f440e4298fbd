import Actors
import NIOCore
import Synchronization

/// One WebSocket connection of an Engine.IO session.
///
/// A client that changes over from long polling comes on whatever event loop took its connection, and the session can't move there: its
/// frames are handed over then, those of one turn together.
final class EngineIOSocket: WebSocketReceiver, @unchecked Sendable {
    // Unchecked: `handler` is used on its own loop, `batch` on the session's; what both touch is atomic.

    private let handler: WebSocketHandler
    private let connection: EngineIOConnection
    private let limit: OutboundLimit
    private let isAtHome: Bool
    private var batch: [(frame: ByteBuffer, isEssential: Bool)] = []
    private var batchBytes = 0
    /// Bytes that were handed over and wait, on their way or for the client.
    private let away = Atomic<Int>(0)

    init(handler: WebSocketHandler, connection: EngineIOConnection, limit: OutboundLimit) {
        self.handler = handler
        self.connection = connection
        self.limit = limit
        isAtHome = handler.loop === connection.loop
    }

    func start() {
        atHome { $0.arrived(self) }
    }

    func receive(_ message: WebSocketMessage) {
        atHome { $0.received(message, from: self) }
    }

    func noteActivity() {}

    func tick() {}

    func drained() {
        if !isAtHome { away.store(handler.backlog, ordering: .relaxed) }
    }

    func connectionClosed() {
        atHome { $0.disconnected(self) }
    }

    private func atHome(_ body: @escaping @Sendable (EngineIOConnection) -> Void) {
        if isAtHome {
            body(connection)
        } else {
            connection.loop.eventLoop.execute { body(self.connection) }
        }
    }
}

// Called on the session's event loop.
extension EngineIOSocket {
    /// Nil for a connection on another loop than its session.
    var handlerAtHome: WebSocketHandler? { isAtHome ? handler : nil }

    var isPressed: Bool {
        isAtHome ? handler.isPressed : limit.isPressed(by: away.load(ordering: .relaxed) + batchBytes)
    }

    func send(_ frame: ByteBuffer, isEssential: Bool) -> OutboundAdmission {
        guard !isAtHome else { return handler.send(frame, isEssential: isEssential) }
        let waiting = away.load(ordering: .relaxed) + batchBytes
        let admission = limit.admission(of: frame.readableBytes, behind: waiting, isEssential: isEssential)
        guard admission == .accepted else { return admission }
        batch.append((frame, isEssential))
        batchBytes += frame.readableBytes
        if batch.count == 1 { connection.loop.eventLoop.execute { self.handOver() } }
        return .accepted
    }

    func close(_ ending: ConnectionEnding, after frames: [ByteBuffer] = []) {
        guard !isAtHome else { return handler.close(ending, after: frames) }
        if ending.jumpsQueue {
            batch = []
            batchBytes = 0
        }
        handOver()
        handler.loop.eventLoop.execute { self.handler.close(ending, after: frames) }
    }

    private func handOver() {
        guard !batch.isEmpty else { return }
        let (frames, bytes) = (batch, batchBytes)
        batch.removeAll(keepingCapacity: false)
        batchBytes = 0
        away.wrappingAdd(bytes, ordering: .relaxed)
        handler.loop.eventLoop.execute {
            for (frame, isEssential) in frames where self.handler.send(frame, isEssential: isEssential) == .overflow {
                self.handler.close(ConnectionEnding(.slowConsumer), after: [])
                break
            }
            self.away.store(self.handler.backlog, ordering: .relaxed)
        }
    }
}
