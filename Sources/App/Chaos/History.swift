/// Everything that happened in a run, as far as its judge has to know. All times count from the run's beginning.
struct History: Sendable {
    var clients: [ClientHistory] = []
    var kicks: [KickRecord] = []
    var faults: [FaultRecord] = []
    var stalls: [StallRecord] = []
    /// Times in which the database didn't answer a probe.
    var storeStalls: [StallRecord] = []
    /// How long the database took for each probe.
    var storeAnswers: [Duration] = []
    /// What the store holds in the end, by conversation, ascending.
    var stored: [String: [StoredMessage]] = [:]
}

/// A message as the store holds it.
struct StoredMessage: Hashable, Sendable {
    let seq: Int64
    let messageID: String
    let senderID: String
}

/// What one client did and saw, over all its connections.
struct ClientHistory: Sendable {
    let userID: String
    /// The conversations of which it has to see every message.
    var conversations: Set<String> = []
    var connections: [ConnectionHistory] = []
    /// Answers 200 to requests with a session's token: when each was asked.
    var admittedRequests: [AdmittedRequest] = []
}

struct AdmittedRequest: Sendable {
    let sessionID: String
    let instance: Int
    let askedAt: Duration
}

/// One connection of a client.
struct ConnectionHistory: Sendable {
    let instance: Int
    let sessionID: String
    /// When the log-in was asked for, and when it was answered.
    let logInAskedAt: Duration
    let loggedInAt: Duration
    var welcomedAt: Duration?
    /// What the client said in its `SYNC` that it has.
    var cursors: [String: Int64] = [:]
    var events: [ClientEvent] = []
}

/// What a client saw of the server.
struct ClientEvent: Sendable {
    enum Kind: Hashable, Sendable {
        case received(conversation: String, seq: Int64, messageID: String)
        case acknowledged(conversation: String, seq: Int64, messageID: String, clientMessageID: String)
        /// The server answered something else: it accepts frames.
        case answered
        case closed(code: UInt16?, reason: String)
    }

    let at: Duration
    let kind: Kind
    /// Read late, as the client had stopped reading: nobody knows when it was written.
    var isLate = false
}

/// A ban or a revocation.
struct KickRecord: Sendable {
    enum Action: String, CaseIterable, Sendable {
        case ban = "BAN"
        case revokeAll = "REVOKE_ALL"
        case revokeOne = "REVOKE_ONE"
    }

    let action: Action
    /// Of the client, among the clients.
    let client: Int
    /// The one that is revoked, of `revokeOne`.
    let sessionID: String
    let requestedAt: Duration
    var answeredAt: Duration
    /// Which instance answered.
    var instance: Int
    /// Until when it can take effect: an attempt whose answer was lost may be carried out late.
    var effectiveUntil: Duration
    /// When the lifting of the ban was asked for.
    var liftedAt: Duration?

    /// Whether it must have ended a session that began at this time.
    ///
    /// - Parameter loggedInAt: when the log-in was answered.
    func ends(sessionID: String, loggedInAt: Duration) -> Bool {
        switch action {
        case .ban: loggedInAt < (liftedAt ?? .seconds(1 << 40))
        case .revokeAll: loggedInAt < requestedAt
        case .revokeOne: sessionID == self.sessionID
        }
    }
}

/// A fault as it really was.
struct FaultRecord: Sendable {
    let kind: FaultKind
    /// The instance that it hit; nil for all of them.
    let instance: Int?
    let began: Duration
    var ended: Duration

    /// Whether it may have had consequences in this time.
    func concerns(_ from: Duration, _ to: Duration) -> Bool {
        kind.breaksCluster && began <= to && ended + kind.aftermath >= from
    }

    func hits(_ instance: Int) -> Bool {
        self.instance == nil || self.instance == instance
    }
}

/// A time in which the clients' own process stood still, or the database didn't answer.
struct StallRecord: Sendable {
    let began: Duration
    let ended: Duration
}
