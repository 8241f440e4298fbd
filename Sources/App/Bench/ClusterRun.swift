import Actors
import NIOCore
import Synchronization

/// The clients of one run over several instances: what they sent, what was acknowledged, and who got what.
final class ClusterRun: Sendable {
    struct Counts: Sendable {
        var delivered = 0
        /// What came twice, to somebody whom it wasn't for, or by an `ERROR`.
        var wrong = 0
        /// What came before a message of a lower number of its conversation.
        var disordered = 0
        /// From when a message was due until it came, to a connection of the sender's instance and of another one.
        var here = Latencies()
        var across = Latencies()
    }

    private struct Place: Hashable {
        let user: Int
        /// The channel, or for direct messages the sender's and the recipient's numbers, lower first.
        let conversation: [Int]
    }

    private struct State {
        var connections: [LoadConnection] = []
        var openLoop: OpenLoop?
        var counts = Counts()
        /// For each message the users who have it.
        var had: [Set<Int>]
        var lastSeqs: [Place: Int] = [:]
    }

    let plan: ClusterPlan
    let acknowledgements: ArrivalTimes
    /// Deliveries that have to come.
    let expected: Int
    private let count: Int
    private let warmUp: Int
    private let users: [BenchUser]
    private let state: Mutex<State>

    /// - Parameters:
    ///   - count: messages.
    ///   - warmUp: so many of the first count, but their times don't.
    init(_ plan: ClusterPlan, users: [BenchUser], count: Int, warmUp: Int) {
        self.plan = plan
        self.users = users
        self.count = count
        self.warmUp = warmUp
        expected = (0..<count).reduce(0) { $0 + plan.deliveries(of: $1) }
        acknowledgements = ArrivalTimes(count: count, warmUp: warmUp)
        state = Mutex(State(had: Array(repeating: [], count: count)))
    }

    var counts: Counts { state.withLock { $0.counts } }

    /// Connects each user to the instance of theirs.
    func connect(to urls: [String], on loop: any EventLoop) async throws {
        for (number, user) in users.enumerated() {
            let connection = try await LoadConnection.connect(user, to: urls[plan.instance(of: number)], on: loop) { kind, frame in
                self.received(kind, frame, by: number)
            }
            state.withLock { $0.connections.append(connection) }
        }
    }

    func begin(_ openLoop: OpenLoop) {
        state.withLock { $0.openLoop = openLoop }
    }

    func send(_ number: Int) {
        let connection = state.withLock { $0.connections[plan.sender(of: number)] }
        switch plan.destination(of: number) {
        case .user(let recipient): connection.send(LoadConnection.message(number, id: "m", to: users[recipient].userID))
        case .channel(let channel):
            guard let name = ChannelName(ClusterPlan.channelName(channel)) else { return }
            connection.send(LoadConnection.message(number, id: "m", to: name))
        }
    }

    /// Waits for what is under way.
    ///
    /// - Returns: what is wrong with it; nil where each message was acknowledged once, and delivered once to each whom it is for.
    func finish() async -> String? {
        try? await DurableBenchmark.wait("the last deliveries") {
            acknowledgements.arrived == count && self.counts.delivered == expected
        }
        let counts = self.counts
        guard acknowledgements.arrived == count, acknowledgements.repeated == 0, counts.delivered == expected, counts.wrong == 0,
            counts.disordered == 0
        else {
            return """
                \(count) sent, \(acknowledgements.arrived) acknowledged; \(expected) deliveries expected, \(counts.delivered) came, \
                besides \(counts.wrong) wrong ones; \(counts.disordered) out of order
                """
        }
        return nil
    }

    func disconnect() {
        for connection in state.withLock({ $0.connections }) { connection.disconnect() }
    }

    private func received(_ kind: LoadConnection.Kind, _ frame: ByteBuffer, by user: Int) {
        guard let openLoop = state.withLock({ $0.openLoop }) else { return }
        switch kind {
        case .ack: acknowledgements.arrived(frame.number(after: "\"ref\":\""), due: openLoop.dueTime)
        case .message: delivered(frame, to: user, due: openLoop.dueTime)
        case .welcome, .error: state.withLock { $0.counts.wrong += 1 }
        // Presence of the people that one writes to.
        case .other: break
        }
    }

    private func delivered(_ frame: ByteBuffer, to user: Int, due: (Int) -> NIODeadline) {
        let now = NIODeadline.now()
        let number = frame.number(after: "\"content\":\"") ?? -1
        let seq = frame.number(after: "\"seq\":") ?? 0
        state.withLock { state in
            guard state.had.indices.contains(number), plan.isExpected(number, by: user), state.had[number].insert(user).inserted else {
                state.counts.wrong += 1
                return
            }
            state.counts.delivered += 1
            let sender = plan.sender(of: number)
            let place = Place(user: user, conversation: conversation(of: number, from: sender))
            if seq <= state.lastSeqs[place, default: 0] { state.counts.disordered += 1 }
            state.lastSeqs[place] = seq
            guard number >= warmUp else { return }
            let nanoseconds = (now - due(number)).nanoseconds
            if plan.instance(of: sender) == plan.instance(of: user) {
                state.counts.here.record(nanoseconds: nanoseconds)
            } else {
                state.counts.across.record(nanoseconds: nanoseconds)
            }
        }
    }

    private func conversation(of message: Int, from sender: Int) -> [Int] {
        switch plan.destination(of: message) {
        case .channel(let channel): [channel]
        case .user(let recipient): [min(sender, recipient), max(sender, recipient)]
        }
    }
}
