/// What one session lacks and is being brought from the store, and the `SYNC` that it belongs to.
package struct CatchUp: Sendable {
    /// The most that one `SYNC` brings of one conversation, and of all together.
    package static let conversationLimit = 1_000
    package static let limit = 5_000

    /// What the session lacks of a conversation.
    package struct Lack: Sendable {
        /// It has everything up to this number.
        package var after: Int64
        /// The newest number as the store said; a replay ends there.
        package let lastSeq: Int64
        /// Whether it is what the session has been past before, and not what makes it live.
        package let isReplay: Bool
        fileprivate var written = 0

        package init(after: Int64, lastSeq: Int64, isReplay: Bool) {
            self.after = after
            self.lastSeq = lastSeq
            self.isReplay = isReplay
        }
    }

    private struct Sync {
        let ref: String?
        let stamp: Stamp
        var updates: MissedUpdates?
        var conversations: Set<ConversationID>
        var cursors: [ConversationID: Int64] = [:]
        var written = 0
        var isComplete = true
    }

    private var lacks: [ConversationID: Lack] = [:]
    private var sync: Sync?

    package init() {}

    package var isEmpty: Bool { lacks.isEmpty && !hasUpdates }
    package var isSyncing: Bool { sync != nil }
    /// Whether the `SYNC` has changes to bring, which come before messages.
    package var hasUpdates: Bool { sync?.updates?.isDone == false }

    package func lack(in conversation: ConversationID) -> Lack? {
        lacks[conversation]
    }

    /// Where to read on.
    package var places: [ConversationID: Int64] { lacks.mapValues(\.after) }

    /// The session lacks something.
    package mutating func add(_ lack: Lack, in conversation: ConversationID) {
        if let known = lacks[conversation], known.after <= lack.after, known.isReplay == lack.isReplay, known.lastSeq >= lack.lastSeq {
            return
        }
        if lack.isReplay, var known = lacks[conversation], !known.isReplay {
            // What makes the session live stays: it brings the rest too.
            known.after = min(known.after, lack.after)
            lacks[conversation] = known
        } else {
            lacks[conversation] = lack
        }
    }

    /// A `SYNC` has begun; what the session lacks because of it was added before.
    ///
    /// - Parameter updates: what was changed meanwhile.
    /// - Returns: its end, where nothing was missed.
    package mutating func begin(ref: String?, stamp: Stamp, updates: MissedUpdates? = nil) -> Event? {
        sync = Sync(ref: ref, stamp: stamp, updates: updates, conversations: Set(lacks.keys))
        return endIfDone()
    }

    /// Takes out the change that is to be written next; nil where none is at hand.
    package mutating func nextUpdate() -> MissedUpdates.Update? {
        sync?.updates?.popFirst()
    }

    /// Where to read on about changes; nil while some are at hand, and where there are no more.
    package var nextUpdates: UpdatesPosition? { sync?.updates?.question }

    /// Changes were read.
    package mutating func add(_ page: UpdatesPage) {
        sync?.updates?.add(page)
    }

    /// How many messages the next page may hold, of `most`.
    package func page(_ most: Int) -> Int {
        sync.map { max(1, min(most, Self.limit - $0.written)) } ?? most
    }

    /// What follows from a page that was written.
    package enum Step: Hashable, Sendable {
        case goOn
        /// No more of this conversation: the session is to go live in it all the same.
        case skip
    }

    /// A page was written.
    ///
    /// - Parameters:
    ///   - seq: its last number.
    ///   - isDone: whether nothing is missing any more.
    package mutating func wrote(_ count: Int, upTo seq: Int64, in conversation: ConversationID, isDone: Bool) -> Step {
        guard var lack = lacks[conversation] else { return .goOn }
        lack.after = seq
        lack.written += count
        lacks[conversation] = lack
        if sync?.conversations.contains(conversation) == true {
            sync?.written += count
            sync?.cursors[conversation] = seq
            if !isDone, lack.written >= Self.conversationLimit {
                sync?.isComplete = false
                return .skip
            }
        }
        if isDone { lacks[conversation] = nil }
        return .goOn
    }

    /// What is to be skipped as the `SYNC` has brought as much as it may.
    package mutating func takeExcess() -> [ConversationID] {
        guard let sync, sync.written >= Self.limit else { return [] }
        let excess = sync.conversations.filter { lacks[$0] != nil }
        if !excess.isEmpty { self.sync?.isComplete = false }
        return Array(excess)
    }

    /// The session lacks nothing of a conversation any more, be it that it has gone from it or skips the rest.
    package mutating func drop(_ conversation: ConversationID) {
        guard let lack = lacks.removeValue(forKey: conversation) else { return }
        if sync?.conversations.contains(conversation) == true, sync?.cursors[conversation] == nil {
            sync?.cursors[conversation] = lack.after
        }
    }

    /// The end of the `SYNC`, as soon as it has brought everything; once.
    package mutating func endIfDone() -> Event? {
        guard let sync, !hasUpdates, sync.conversations.allSatisfy({ lacks[$0] == nil }) else { return nil }
        self.sync = nil
        return .synced(ref: sync.ref, Synced(cursors: sync.cursors, stamp: sync.stamp, isComplete: sync.isComplete))
    }
}
