/// A way in which a part that the simulation replaces can be wrong: each must be noticed, or the simulation proves nothing.
///
/// Those of the code in `Sources/Actors` are patches, in `Mutations`.
enum Mutation: String, CaseIterable {
    /// The reconciler finds no changed conversation and no changed membership.
    case reconcilerOff = "reconciler-off"
    /// The reconciler finds no kick: only the bus brings them.
    case kicksByBusAlone = "kicks-by-bus-alone"
    /// A ban or revocation closes and publishes, and nothing is stored.
    case kickWithoutStore = "kick-without-store"
    /// A ban is several writes; where the answer is lost, the last of them, the kick stamp, never happens.
    case kickInSeveralDocuments = "kick-in-several-documents"
    /// A kick that comes over the bus closes every session of the user, whatever its epoch.
    case lateBanClosesAll = "late-ban-closes-all"
    /// What was read of a session for HTTP outlives a kick.
    case cacheOutlivesKick = "cache-outlives-kick"
    /// An instance that can't read kicks goes on all the same.
    case neverStale = "never-stale"
    /// The number of an append is read locally: after a lost answer it is taken back, and the next one goes on above it.
    case localRead = "local-read"
    /// An append whose request was lost is acknowledged.
    case ackBeforeCommit = "ack-before-commit"
    /// The `clientMessageId` is not looked at.
    case idempotencyOff = "idempotency-off"
    /// An append answers only while the bus is up.
    case answerWaitsForBus = "answer-waits-for-bus"
    /// The watermark leaves no time for a lower stamp to appear.
    case noOverlap = "no-overlap"
    /// A conversation whose raise has failed is not raised again, nor is it before a duplicate is acknowledged.
    case raiseTriedOnce = "raise-tried-once"
    /// Who raises late leaves the stamps as they were given first.
    case stampsNotRenewed = "stamps-not-renewed"
    /// The last number of a conversation is told although it isn't raised yet: a client that comes meanwhile is not told of it.
    case lastSeqWithoutRaise = "last-seq-without-raise"
    /// The lease of an instance that has died never ends.
    case leaseOutlivesInstance = "lease-outlives-instance"
    /// The directory lists nobody with an instance that asks for its users.
    case listsNobody = "lists-nobody"
    /// The client brings the stamp of the very connection in its `SYNC`.
    case stampOfThisConnection = "stamp-of-this-connection"
    /// The client's cursor is the highest number that it has seen.
    case cursorAtHighest = "cursor-at-highest"
}
