/// What a client knows and still has to do: everything about it that needs no network.
struct ClientState: Sendable {
    struct LogIn: Sendable {
        let token: String
        let sessionID: String
        let askedAt: Duration
        let answeredAt: Duration
    }

    /// A message without `ACK`.
    struct Pending: Sendable {
        let frame: JSONValue
        let order: Int
        var attempts = 0
        /// The connection on which it was sent last.
        var connection = -1
        /// When it is sent again where no answer comes.
        var due = Duration.zero
    }

    enum Order: Sendable {
        /// The connection breaks; the next one is to another instance.
        case cut
        /// The network forgets the connection: neither end hears of it.
        case halfOpen(until: Duration)
        case stopReading(until: Duration)
    }

    var logIn: LogIn?
    var history: ClientHistory
    var progress: [String: ClientProgress] = [:]
    var stamp = JSONValue.null
    var pending: [String: Pending] = [:]
    var created = 0
    var orders: [Order] = []
    /// Asked for signs of life all the time, as it is being kicked.
    var isWatched = false
    /// Makes no new messages.
    var isSilent = true
    var isOver = false
    var isSynced = false
    /// When the `SYNC` of this connection is to be sent; nil where it was sent and not refused.
    var syncDue: Duration? = .zero
    var isClosed = false
    var lastFrameAt = Duration.zero
    var leaveAt: Duration?
    var isPaused = false
    var lateUntil = Duration.zero
    private static let answerTimeout = Duration.seconds(5)

    init(userID: String) {
        history = ClientHistory(userID: userID)
    }

    /// A connection is about to be made; frames may come before the caller knows that it is there.
    mutating func beginConnection(to instance: Int, with logIn: LogIn, at now: Duration) -> Int {
        isSynced = false
        syncDue = .zero
        isClosed = false
        leaveAt = nil
        isPaused = false
        lastFrameAt = now
        history.connections.append(
            ConnectionHistory(
                instance: instance,
                sessionID: logIn.sessionID,
                logInAskedAt: logIn.askedAt,
                loggedInAt: logIn.answeredAt
            )
        )
        return history.connections.count - 1
    }

    /// The first frame of a connection that resumes.
    mutating func sync() -> JSONValue {
        let cursors = progress.mapValues(\.cursor).filter { $0.value > 0 }
        history.connections[history.connections.count - 1].cursors = cursors
        syncDue = nil
        let frame: JSONValue = ["type": "SYNC", "ref": "sync", "cursors": .object(cursors.mapValues(JSONValue.integer))]
        return stamp == .null ? frame : frame.adding("stamp", stamp)
    }

    mutating func note(_ kind: ClientEvent.Kind, on connection: Int, at now: Duration) {
        let isLate = isPaused || now < lateUntil
        history.connections[connection].events.append(ClientEvent(at: now, kind: kind, isLate: isLate))
    }

    /// Takes what the server has sent.
    mutating func take(_ frame: JSONValue, on connection: Int, at now: Duration) {
        // An abandoned connection is one whose frames never arrive.
        guard connection == history.connections.count - 1, !isClosed else { return }
        lastFrameAt = now
        let message = frame["message"]
        switch frame["type"].string {
        case "WELCOME":
            history.connections[connection].welcomedAt = now
            note(.answered, on: connection, at: now)
        case "MESSAGE_RECEIVE":
            guard let (conversation, seq, id) = Self.place(message) else { return }
            progress[conversation, default: ClientProgress()].add(seq)
            note(.received(conversation: conversation, seq: seq, messageID: id), on: connection, at: now)
        case "ACK":
            guard let key = frame["clientMessageId"].string, let (conversation, seq, id) = Self.place(message) else {
                return note(.answered, on: connection, at: now)
            }
            pending[key] = nil
            progress[conversation, default: ClientProgress()].add(seq)
            let kind = ClientEvent.Kind.acknowledged(conversation: conversation, seq: seq, messageID: id, clientMessageID: key)
            note(kind, on: connection, at: now)
        case "ERROR":
            guard let key = frame["ref"].string?.split(separator: "#").first.map(String.init) else { return }
            if key == "sync" { syncDue = now + .milliseconds(frame["retryAfterMs"].integer ?? 300) }
            pending[key]?.due = now + .milliseconds(frame["retryAfterMs"].integer ?? 300)
        case "SYNCED":
            takeSynced(frame, on: connection, at: now)
        case "GOAWAY":
            leaveAt = now + .milliseconds(frame["reconnectAfterMs"].integer ?? 0)
        case "PONG", "CHANNEL_JOINED":
            note(.answered, on: connection, at: now)
        default:
            break
        }
    }

    private mutating func takeSynced(_ frame: JSONValue, on connection: Int, at now: Duration) {
        isSynced = true
        note(.answered, on: connection, at: now)
        guard frame["complete"] == true else {
            // More was missed than one SYNC brings: the next connection asks from where this one has come to.
            isClosed = true
            return
        }
        stamp = frame["stamp"]
    }

    /// What is to be sent now, at most a few.
    mutating func due(on connection: Int, at now: Duration) -> [JSONValue] {
        let due = pending.filter { $0.value.connection != connection || $0.value.due <= now }.sorted { $0.value.order < $1.value.order }
        return due.prefix(3).map { key, value in
            var next = value
            next.attempts += 1
            next.connection = connection
            next.due = now + Self.answerTimeout
            pending[key] = next
            return next.frame.adding("ref", .string("\(key)#\(next.attempts)"))
        }
    }

    /// Where a message stands; nil where the server left something out.
    private static func place(_ message: JSONValue) -> (conversation: String, seq: Int64, id: String)? {
        guard let conversation = message["conversationId"].string, let seq = message["seq"].integer, let id = message["messageId"].string
        else { return nil }
        return (conversation, seq, id)
    }
}
