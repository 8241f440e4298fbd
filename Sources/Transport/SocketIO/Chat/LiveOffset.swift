import Actors

/// The offset of a client that is in.
///
/// Most messages come in the conversation of the one before them, and then cost a comparison: the offset tells of them when it is asked for.
struct LiveOffset: Sendable {
    private var offset: SyncOffset
    /// Of the message that was delivered last, where `offset` doesn't tell of it yet.
    private var last: MessagePlace?

    init(_ offset: SyncOffset) {
        self.offset = offset
    }

    /// What the client is told.
    var current: SyncOffset {
        mutating get {
            catchUp()
            return offset
        }
    }

    /// As `SyncOffset.delivered`.
    mutating func delivered(_ place: MessagePlace) {
        guard last?.conversationID != place.conversationID else {
            last?.seq = place.seq
            return
        }
        catchUp()
        last = place
    }

    /// As `SyncOffset.acknowledged`.
    mutating func acknowledged(_ place: MessagePlace) {
        catchUp()
        offset.acknowledged(place)
    }

    /// As `SyncOffset.caughtUp`.
    mutating func caughtUp(_ synced: Synced) {
        catchUp()
        offset.caughtUp(synced)
    }

    private mutating func catchUp() {
        guard let last else { return }
        offset.delivered(last)
        self.last = nil
    }
}
