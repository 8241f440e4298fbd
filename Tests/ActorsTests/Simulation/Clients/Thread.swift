import Actors

/// What a client has of one conversation.
struct Thread {
    /// The number below which it has everything; nil while that isn't known.
    private(set) var cursor: Int64?
    private var above: Set<Int64> = []
    /// Everything that it has or had.
    private(set) var had: Set<Int64> = []
    private(set) var revs: [Int64: Int64] = [:]

    /// A message came.
    ///
    /// - Parameter isAnswer: by an `ACK`: that says nothing of what is below it.
    mutating func take(_ message: Message, isAnswer: Bool) {
        had.insert(message.seq)
        revs[message.seq] = max(message.rev, revs[message.seq] ?? 0)
        if cursor == nil, !isAnswer { cursor = message.seq - 1 }
        guard let cursor else {
            above.insert(message.seq)
            return
        }
        if message.seq > cursor { above.insert(message.seq) }
        advance()
    }

    mutating func update(_ message: Message) {
        guard had.contains(message.seq) else { return }
        revs[message.seq] = max(message.rev, revs[message.seq] ?? 0)
    }

    /// Begins above `seq` where it isn't known yet where to begin.
    mutating func begin(at seq: Int64) {
        guard cursor == nil else { return }
        cursor = seq
        advance()
    }

    /// As a client has it that doesn't look for holes.
    mutating func jump(to seq: Int64) {
        cursor = max(cursor ?? 0, seq)
    }

    private mutating func advance() {
        while let next = cursor.map({ $0 + 1 }), above.contains(next) {
            above.remove(next)
            cursor = next
        }
    }
}
