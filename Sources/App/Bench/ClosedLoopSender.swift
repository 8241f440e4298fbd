import Actors
import NIOCore
import Synchronization

/// A client that sends a direct message, waits for its `ACK`, and sends the next one.
final class ClosedLoopSender: Sendable {
    private struct State {
        var connection: LoadConnection?
        var sent = 0
        var sentAt = NIODeadline.uptimeNanoseconds(0)
        var isRunning = false
        var isWaiting = false
    }

    private let id: String
    private let recipient: UserID
    private let tally: Tally
    private let state = Mutex(State())

    private init(id: String, recipient: UserID, tally: Tally) {
        self.id = id
        self.recipient = recipient
        self.tally = tally
    }

    /// - Parameter id: begins the ids of its messages.
    static func connect(
        _ user: BenchUser,
        sendingTo recipient: UserID,
        id: String,
        at base: String,
        on loop: any EventLoop,
        tally: Tally
    ) async throws -> ClosedLoopSender {
        let sender = ClosedLoopSender(id: id, recipient: recipient, tally: tally)
        let connection = try await LoadConnection.connect(user, to: base, on: loop) { kind, _ in sender.received(kind) }
        sender.state.withLock { $0.connection = connection }
        return sender
    }

    var sent: Int { state.withLock { $0.sent } }
    var isWaiting: Bool { state.withLock { $0.isWaiting } }

    func start() {
        state.withLock { $0.isRunning = true }
        sendNext()
    }

    /// Sends nothing more; an answer may be under way still.
    func stop() {
        state.withLock { $0.isRunning = false }
    }

    func disconnect() {
        state.withLock { $0.connection }?.disconnect()
    }

    private func sendNext() {
        let (connection, number) = state.withLock { state -> (LoadConnection?, Int) in
            guard state.isRunning else { return (nil, 0) }
            state.sent += 1
            state.isWaiting = true
            state.sentAt = .now()
            return (state.connection, state.sent)
        }
        connection?.send(LoadConnection.message(number, id: id, to: recipient))
    }

    private func received(_ kind: LoadConnection.Kind) {
        switch kind {
        case .message:
            tally.received()
            return
        case .ack:
            let sentAt = state.withLock { $0.sentAt }
            tally.acknowledged(after: (NIODeadline.now() - sentAt).nanoseconds)
        case .welcome, .error, .other:
            tally.unexpected()
        }
        state.withLock { $0.isWaiting = false }
        sendNext()
    }
}
