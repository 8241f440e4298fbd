import DequeModule

/// Sessions that were used and of which the store is to be told so.
struct SessionUses {
    struct Use {
        let session: SessionID
        let user: UserID
        let time: Timestamp
    }

    /// A use of a session is told where the one that was told before is so long ago.
    static let interval = Duration.seconds(300)
    private static let limit = 1_000

    private var waiting: Deque<Use> = []
    private var sessions: Set<SessionID> = []

    /// Takes a use in. One of a session that waits already is dropped, and past 1,000 all are: the next use is told in its place.
    mutating func append(_ use: Use) {
        guard sessions.count < Self.limit, sessions.insert(use.session).inserted else { return }
        waiting.append(use)
    }

    /// The one that is to be told next; nil where none is left.
    var first: Use? { waiting.first }

    /// The first one was told.
    mutating func removeFirst() {
        if let use = waiting.popFirst() { sessions.remove(use.session) }
    }

    mutating func removeAll() {
        self = SessionUses()
    }
}
