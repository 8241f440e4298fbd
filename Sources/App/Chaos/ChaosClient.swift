import Actors
import FoundationEssentials
import NIOCore
import NIOFoundationCompat
import Transport

/// One person's program, which behaves as the protocol asks whatever happens to it, and writes down what it sees.
final class ChaosClient: Sendable {
    static let password = "correct horse battery"
    private static let tick = Duration.milliseconds(100)
    private static let pingInterval = Duration.seconds(2)
    /// Messages without answer; at so many it makes no more.
    private static let window = 10

    let number: Int
    let userID: String
    private let username: String
    private let api: APIClient
    /// Of the instances.
    private let addresses: [String]
    private let clock: RunClock
    /// Between two messages, on average.
    private let interval: Duration
    private let state: Locked<ClientState>
    /// Where messages go: the fields of `MESSAGE_SEND` that say so. Set before the client runs.
    private let destinations = Locked<[JSONValue]>([])

    init(
        number: Int,
        account: APIClient.Account,
        api: APIClient,
        addresses: [String],
        clock: RunClock,
        interval: Duration
    ) {
        self.number = number
        userID = account.userID
        username = account.username
        self.api = api
        self.addresses = addresses
        self.clock = clock
        self.interval = interval
        let now = clock.now
        var state = ClientState(userID: account.userID)
        state.logIn = ClientState.LogIn(token: account.token, sessionID: account.sessionID, askedAt: now, answeredAt: now)
        self.state = Locked(state)
    }

    /// The client takes part in a conversation.
    ///
    /// - Parameter destination: the fields of `MESSAGE_SEND` that name it.
    func join(_ conversation: String, destination: JSONValue) {
        state.withLock { _ = $0.history.conversations.insert(conversation) }
        destinations.withLock { $0.append(destination) }
    }

    var history: ClientHistory { state.withLock { $0.history } }
    var logIn: ClientState.LogIn? { state.withLock { $0.logIn } }
    var isSynced: Bool { state.withLock { $0.isSynced && !$0.isClosed } }
    var hasPending: Bool { state.withLock { !$0.pending.isEmpty } }

    /// Which of these messages it has not seen.
    func lacks(_ last: [String: Int64]) -> Bool {
        state.withLock { state in
            state.history.conversations.contains { (state.progress[$0]?.cursor ?? 0) < (last[$0] ?? 0) }
        }
    }

    func setSilent(_ isSilent: Bool) { state.withLock { $0.isSilent = isSilent } }
    func setWatched(_ isWatched: Bool) { state.withLock { $0.isWatched = isWatched } }
    func order(_ order: ClientState.Order) { state.withLock { $0.orders.append(order) } }
    func stop() { state.withLock { $0.isOver = true } }

    func noteAdmitted(_ request: AdmittedRequest) { state.withLock { $0.history.admittedRequests.append(request) } }

    /// Connects again and again until `stop`.
    func run() async {
        var last: Int?
        await withDiscardingTaskGroup { group in
            while !state.withLock({ $0.isOver }) {
                let instance = addresses.indices.filter { $0 != last }.randomElement() ?? 0
                if let logIn = await currentLogIn(at: instance) {
                    last = instance
                    await connect(to: instance, with: logIn, &group)
                }
                // Full jitter; what an instance that ends sends away is spread by its GOAWAYs.
                try? await Task.sleep(for: .milliseconds(Int.random(in: 20...500)))
            }
        }
    }

    /// The log-in, made anew where it was ended.
    private func currentLogIn(at instance: Int) async -> ClientState.LogIn? {
        if let known = logIn { return known }
        let api = api.at(addresses[instance])
        let askedAt = clock.now
        guard
            let account = try? await within(
                .seconds(5),
                "a log-in",
                { [username] in try await api.logIn(username, password: Self.password) }
            )
        else { return nil }
        let new = ClientState.LogIn(token: account.token, sessionID: account.sessionID, askedAt: askedAt, answeredAt: clock.now)
        state.withLock { $0.logIn = new }
        return new
    }

    private func connect(to instance: Int, with logIn: ClientState.LogIn, _ group: inout DiscardingTaskGroup) async {
        guard let url = WebSocketURL(addresses[instance] + "/ws?resume=1") else { return }
        let number = state.withLock { $0.beginConnection(to: instance, with: logIn, at: clock.now) }
        var options = WebSocketClientOptions()
        options.connectTimeout = .seconds(3)
        options.socketReceiveBufferBytes = 32_768
        let connection: WebSocketConnection
        do throws(WebSocketConnectError) {
            let headers = [("Authorization", "Bearer \(logIn.token)")]
            connection = try await WebSocketConnection.connect(to: url, headers: headers, options: options) { [self] bytes in
                guard let frame = try? JSONValue(parsing: Data(buffer: bytes)) else { return }
                state.withLock { $0.take(frame, on: number, at: clock.now) }
            }
        } catch {
            let status = error.response?.status
            state.withLock { state in
                state.isClosed = true
                if status == 401 || status == 403 { state.logIn = nil }
            }
            return
        }
        group.addTask { [self] in
            let close = await connection.closed()
            state.withLock { $0.noteClosed(close, on: number, at: clock.now) }
        }
        await serve(connection, number, &group)
    }

    /// Does what the protocol asks until the connection is over.
    private func serve(_ connection: WebSocketConnection, _ number: Int, _ group: inout DiscardingTaskGroup) async {
        var nextPing = Duration.zero
        var nextMessage = clock.now + interval * Double.random(in: 0...1)
        var pausedUntil: Duration?
        while true {
            let now = clock.now
            if let until = pausedUntil, until <= now {
                pausedUntil = nil
                state.withLock { state in
                    state.isPaused = false
                    state.lateUntil = now + .seconds(3)
                    state.lastFrameAt = now
                }
                try? await connection.setReading(true)
            }
            if now >= nextMessage {
                nextMessage = now + interval * Double.random(in: 0.5...1.5)
                createMessage()
            }
            var step = state.withLock { $0.nextStep(on: number, pingDue: now >= nextPing, at: now) }
            for frame in step.frames { if let text = try? frame.text() { connection.send(text: text) } }
            if step.hasPinged { nextPing = now + (step.isWatched ? Self.tick : Self.pingInterval) }
            if step.isWatched { nextPing = min(nextPing, now + Self.tick) }
            switch step.order {
            case .halfOpen(let until):
                step.isOver = true
                try? await connection.setReading(false)
                group.addTask { [clock] in
                    try? await clock.sleep(until: until)
                    connection.disconnect()
                }
                state.withLock { $0.isClosed = true }
                return
            case .stopReading(let until):
                pausedUntil = until
                try? await connection.setReading(false)
            case .cut: step.isOver = true
            case nil: break
            }
            guard !step.isOver else { break }
            try? await Task.sleep(for: Self.tick)
        }
        state.withLock { $0.isClosed = true }
        connection.disconnect()
    }

    private func createMessage() {
        guard let destination = destinations.withLock({ $0.randomElement() }) else { return }
        state.withLock { state in
            guard !state.isSilent, !state.isOver, state.pending.count < Self.window else { return }
            state.created += 1
            let key = "c\(number)-\(state.created)"
            let content = "message \(state.created) of client \(number), which says what people say to each other"
            let frame = destination.adding("type", "MESSAGE_SEND").adding("clientMessageId", .string(key)).adding(
                "content",
                .string(content)
            )
            state.pending[key] = ClientState.Pending(frame: frame, order: state.created)
        }
    }
}
