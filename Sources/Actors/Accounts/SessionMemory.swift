/// What the store said of sessions lately, by their users, and which reads a kick has overtaken.
struct SessionMemory {
    private struct Entry {
        let record: SessionRecord
        let readAt: Duration
    }

    /// A user of whose sessions some are being read.
    private struct Reading {
        var count = 0
        /// How many kicks of the user came while there was a read under way.
        var generation: UInt64 = 0
    }

    /// One read that is under way.
    struct Read {
        fileprivate let session: SessionID
        fileprivate let user: UserID
        fileprivate let began: Duration
        fileprivate let generation: UInt64
    }

    private static let trustedFor = Duration.seconds(2)
    /// Past it all are forgotten, and read again.
    private static let capacity = 65_536

    private var entries: [UserID: [SessionID: Entry]] = [:]
    private var count = 0
    /// When those that are believed no more were forgotten last.
    private var sweptAt = Duration.zero
    private var readings: [UserID: Reading] = [:]

    /// What is believed of a session; nil where the store is to be asked.
    func record(_ session: SessionID, of user: UserID, at now: Duration) -> SessionRecord? {
        guard let entry = entries[user]?[session], now - entry.readAt < Self.trustedFor else { return nil }
        return entry.record
    }

    /// The store is being asked; `end` is to follow, whatever it says.
    mutating func begin(_ session: SessionID, of user: UserID, at now: Duration) -> Read {
        readings[user, default: Reading()].count += 1
        return Read(session: session, user: user, began: now, generation: readings[user]?.generation ?? 0)
    }

    /// The store was asked.
    ///
    /// - Parameter record: what it said; nil where it said nothing.
    /// - Returns: whether that may be used, as the user was not kicked meanwhile.
    mutating func end(_ read: Read, with record: SessionRecord?) -> Bool {
        guard var reading = readings[read.user] else { return false }
        reading.count -= 1
        readings[read.user] = reading.count > 0 ? reading : nil
        guard reading.generation == read.generation else { return false }
        if let record { remember(record, read) }
        return true
    }

    /// A user was kicked: nothing is believed that was read before.
    mutating func forget(_ user: UserID) {
        readings[user]?.generation += 1
        count -= entries.removeValue(forKey: user)?.count ?? 0
    }

    private mutating func remember(_ record: SessionRecord, _ read: Read) {
        if read.began - sweptAt >= Self.trustedFor || count >= Self.capacity { sweep(at: read.began) }
        let known = entries[read.user, default: [:]].updateValue(Entry(record: record, readAt: read.began), forKey: read.session)
        if known == nil { count += 1 }
    }

    private mutating func sweep(at now: Duration) {
        entries = entries.compactMapValues { sessions in
            let believed = sessions.filter { now - $0.value.readAt < Self.trustedFor }
            return believed.isEmpty ? nil : believed
        }
        count = entries.values.reduce(0) { $0 + $1.count }
        if count >= Self.capacity { (entries, count) = ([:], 0) }
        sweptAt = now
    }
}
