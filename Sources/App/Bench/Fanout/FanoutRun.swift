import NIOCore
import Synchronization
import Transport

/// The clients of one pair of servers: one that keeps so many messages under way, and those who hear each of them. A message is under way
/// until the last of them has it.
final class FanoutRun: Sendable {
    struct Counts: Sendable {
        var delivered = 0
        /// What came twice, or was never sent.
        var wrong = 0
        /// What came before a message that was sent earlier.
        var disordered = 0
        /// From the sending to each delivery.
        var latencies = Latencies()
    }

    private struct State {
        var sender: WebSocketConnection?
        var listeners: [WebSocketConnection] = []
        var sentAt: [Int: NIODeadline] = [:]
        /// How many still lack a message.
        var lacking: [Int: Int] = [:]
        /// The last message that each has.
        var last: [Int]
        var next = 0
        var isRunning = false
        var counts = Counts()
    }

    private let subscribers: Int
    private let dialect: FanoutDialect
    private let state: Mutex<State>

    init(subscribers: Int, dialect: FanoutDialect) {
        self.subscribers = subscribers
        self.dialect = dialect
        state = Mutex(State(last: Array(repeating: -1, count: subscribers)))
    }

    var counts: Counts { state.withLock { $0.counts } }
    var isIdle: Bool { state.withLock { $0.lacking.isEmpty } }

    func connect(to servers: FanoutServers, on loop: any EventLoop) async throws {
        for number in 0..<subscribers {
            let token = servers.tokens.isEmpty ? nil : servers.tokens[number + 1]
            let listener = try await PeerClient.connect(
                to: servers.receiving.url,
                as: dialect,
                token: token,
                in: [FanoutDialect.channelName],
                on: loop
            ) { self.received($0, by: number) }
            state.withLock { $0.listeners.append(listener) }
        }
        // It need not be in a channel where everybody may write to it.
        let sender = try await PeerClient.connect(to: servers.sending.url, as: dialect, token: servers.tokens.first, on: loop)
        state.withLock { $0.sender = sender }
    }

    /// - Parameter depth: how many messages are under way at once.
    func start(depth: Int) {
        state.withLock { $0.isRunning = true }
        for _ in 0..<depth { sendNext() }
    }

    /// Sends nothing more; messages may be under way still.
    func stop() {
        state.withLock { $0.isRunning = false }
    }

    /// Forgets what was counted so far: it was to warm up.
    func beginMeasuring() {
        state.withLock { $0.counts = Counts() }
    }

    func disconnect() {
        for connection in state.withLock({ $0.listeners + [$0.sender].compactMap(\.self) }) { connection.disconnect() }
    }

    private func sendNext() {
        let (sender, number) = state.withLock { state -> (WebSocketConnection?, Int) in
            guard state.isRunning else { return (nil, 0) }
            let number = state.next
            state.next += 1
            state.sentAt[number] = .now()
            state.lacking[number] = subscribers
            return (state.sender, number)
        }
        sender?.send(text: dialect.message(number))
    }

    private func received(_ number: Int, by subscriber: Int) {
        let now = NIODeadline.now()
        let isComplete = state.withLock { state -> Bool in
            guard let sentAt = state.sentAt[number], let lacking = state.lacking[number] else {
                state.counts.wrong += 1
                return false
            }
            if number <= state.last[subscriber] { state.counts.disordered += 1 }
            state.last[subscriber] = number
            state.counts.delivered += 1
            state.counts.latencies.record(nanoseconds: (now - sentAt).nanoseconds)
            state.lacking[number] = lacking == 1 ? nil : lacking - 1
            guard lacking == 1 else { return false }
            state.sentAt[number] = nil
            return true
        }
        if isComplete { sendNext() }
    }
}
