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
            let listener = try await connect(to: servers.receiving.url, token: token, on: loop) { self.received($0, by: number) }
            state.withLock { $0.listeners.append(listener) }
        }
        let sender = try await connect(to: servers.sending.url, token: servers.tokens.first, on: loop) { _ in }
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

    private func connect(
        to base: String,
        token: String?,
        on loop: any EventLoop,
        onMessage: @escaping @Sendable (Int) -> Void
    ) async throws -> WebSocketConnection {
        guard let url = WebSocketURL(base + dialect.path) else { throw BenchFailure("\(base) is no address") }
        let joined = loop.makePromise(of: Void.self)
        let dialect = dialect
        let own = Mutex<WebSocketConnection?>(nil)
        // What comes before the connection is known here waits for it: both happen on its event loop.
        let early = Mutex<[String]>([])
        let connection: WebSocketConnection
        do {
            connection = try await WebSocketConnection.connect(
                to: url,
                headers: token.map { [("Authorization", "Bearer \($0)")] } ?? [],
                on: loop
            ) { frame in
                switch dialect.reaction(to: frame) {
                case .joined: joined.succeed()
                case .delivered(let number): onMessage(number)
                case .answer(let text):
                    if let connection = own.withLock(\.self) { connection.send(text: text) } else { early.withLock { $0.append(text) } }
                case .nothing: break
                }
            }
        } catch {
            joined.fail(error)
            throw error
        }
        try await loop.submit {
            own.withLock { $0 = connection }
            for text in early.withLock(\.self) + [dialect.greeting].compactMap(\.self) { connection.send(text: text) }
        }.get()
        let deadline = loop.scheduleTask(in: .seconds(30)) { joined.fail(BenchFailure("a client did not get into the channel")) }
        defer { deadline.cancel() }
        try await joined.futureResult.get()
        return connection
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
