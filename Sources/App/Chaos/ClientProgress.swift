/// How much of one conversation a client has.
struct ClientProgress: Hashable, Sendable {
    /// It has everything up to this number.
    private(set) var cursor: Int64 = 0
    private var above: Set<Int64> = []

    mutating func add(_ seq: Int64) {
        guard seq > cursor else { return }
        above.insert(seq)
        while above.remove(cursor + 1) != nil { cursor += 1 }
    }
}
