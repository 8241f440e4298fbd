import Actors
import NIOCore
import Synchronization

/// The clients of one run between two instances: who sends, who gets, and what came when.
final class DirectMessageRun: Sendable {
    private struct State {
        var senders: [LoadConnection] = []
        var recipients: [LoadConnection] = []
        var addresses: [UserID] = []
        var openLoop: OpenLoop?
        var unexpected = 0
    }

    let acknowledgements: ArrivalTimes
    let deliveries: ArrivalTimes
    private let count: Int
    private let state = Mutex(State())

    init(count: Int, warmUp: Int) {
        self.count = count
        acknowledgements = ArrivalTimes(count: count, warmUp: warmUp)
        deliveries = ArrivalTimes(count: count, warmUp: warmUp)
    }

    /// Connects the first half of `users` to one instance and the second half, to whom those write, to the other.
    func connect(_ users: [BenchUser], from sending: String, to receiving: String, on loop: any EventLoop) async throws {
        let half = users.count / 2
        for user in users.prefix(half) {
            let connection = try await LoadConnection.connect(user, to: sending, on: loop) { kind, frame in
                guard case .ack = kind else { return self.noteUnexpected() }
                self.arrived(frame.number(after: "\"ref\":\""), in: self.acknowledgements)
            }
            state.withLock { $0.senders.append(connection) }
        }
        for user in users.dropFirst(half) {
            let connection = try await LoadConnection.connect(user, to: receiving, on: loop) { kind, frame in
                guard case .message = kind else { return self.noteUnexpected() }
                self.arrived(frame.number(after: "\"content\":\""), in: self.deliveries)
            }
            state.withLock { state in
                state.recipients.append(connection)
                state.addresses.append(user.userID)
            }
        }
    }

    func begin(_ openLoop: OpenLoop) {
        state.withLock { $0.openLoop = openLoop }
    }

    func send(_ number: Int) {
        let (connection, recipient) = state.withLock { state in
            let pair = number % state.senders.count
            return (state.senders[pair], state.addresses[pair])
        }
        connection.send(LoadConnection.message(number, id: "m", to: recipient))
    }

    /// Waits for what is under way and checks that each message was acknowledged and delivered once.
    func finish() async throws {
        try await DurableBenchmark.wait("the last messages") {
            acknowledgements.arrived == count && deliveries.arrived == count
        }
        let unexpected = state.withLock { $0.unexpected }
        guard acknowledgements.repeated == 0, deliveries.repeated == 0, unexpected == 0 else {
            throw BenchFailure(
                "\(acknowledgements.repeated) ACKs and \(deliveries.repeated) deliveries came twice, \(unexpected) other frames came"
            )
        }
    }

    func disconnect() {
        let connections = state.withLock { $0.senders + $0.recipients }
        for connection in connections { connection.disconnect() }
    }

    private func arrived(_ number: Int?, in times: ArrivalTimes) {
        guard let openLoop = state.withLock({ $0.openLoop }) else { return noteUnexpected() }
        times.arrived(number, due: openLoop.dueTime)
    }

    private func noteUnexpected() {
        state.withLock { $0.unexpected += 1 }
    }
}
