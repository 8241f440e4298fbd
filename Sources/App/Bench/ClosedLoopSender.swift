import Actors
import NIOCore
import Synchronization

/// A client that keeps so many direct messages unanswered on its connection: each `ACK` is followed by the next message.
final class ClosedLoopSender: Sendable {
    private struct State {
        var connection: LoadConnection?
        var sent = 0
        var sentAt: [Int: NIODeadline] = [:]
        var isRunning = false
    }

    private let recipient: UserID
    private let id: String
    private let depth: Int
    private let tally: Tally
    private let state = Mutex(State())

    private init(sendingTo recipient: UserID, id: String, depth: Int, tally: Tally) {
        self.recipient = recipient
        self.id = id
        self.depth = depth
        self.tally = tally
    }

    /// - Parameters:
    ///   - id: begins the ids of its messages.
    ///   - depth: how many messages are unanswered at once.
    static func connect(
        _ user: BenchUser,
        sendingTo recipient: UserID,
        id: String,
        depth: Int = 1,
        at base: String,
        on loop: any EventLoop,
        tally: Tally
    ) async throws -> ClosedLoopSender {
        let sender = ClosedLoopSender(sendingTo: recipient, id: id, depth: depth, tally: tally)
        let connection = try await LoadConnection.connect(user, to: base, on: loop) { kind, frame in sender.received(kind, frame) }
        sender.state.withLock { $0.connection = connection }
        return sender
    }

    var sent: Int { state.withLock { $0.sent } }
    var isWaiting: Bool { state.withLock { !$0.sentAt.isEmpty } }

    func start() {
        state.withLock { $0.isRunning = true }
        for _ in 0..<depth { sendNext() }
    }

    /// Sends nothing more; answers may be under way still.
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
            state.sentAt[state.sent] = .now()
            return (state.connection, state.sent)
        }
        connection?.send(LoadConnection.message(number, id: id, to: recipient))
    }

    private func received(_ kind: LoadConnection.Kind, _ frame: ByteBuffer) {
        switch kind {
        case .message: tally.received()
        case .ack:
            let number = frame.number(after: "\"ref\":\"") ?? 0
            guard let sentAt = state.withLock({ $0.sentAt.removeValue(forKey: number) }) else { return tally.unexpected() }
            tally.acknowledged(after: (NIODeadline.now() - sentAt).nanoseconds)
            sendNext()
        case .welcome, .error, .other: tally.unexpected()
        }
    }
}
