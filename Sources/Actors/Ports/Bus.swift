/// The fast and forgetful way between instances.
package protocol Bus: Sendable {
    var status: BusStatus { get }

    /// Each loss of the bus, as `.reconnecting`, and each end of one, as `.connected`, in order and at once; the first connection besides,
    /// and, where it is given up at boot, `.unreached`.
    /// To be read once, by one task; of more than a few that nobody has read the oldest are dropped.
    var statusChanges: AsyncStream<BusStatus> { get }

    /// Where events come in; nil for Swift's own threads.
    var taskExecutor: (any TaskExecutor)? { get }

    /// Sends a hint to the other instances. Returns at once and never fails: what can't be sent waits in a bounded queue,
    /// and what falls out of that is counted and logged; the store has it.
    func publish(_ event: BusEvent)

    /// As `publish`, telling the others of which trace it is part.
    func publish(_ event: BusEvent, trace: TraceParent?)

    /// Hints of one family that came in, from this instance too. To be read once, by one task.
    ///
    /// What arrives while the consumer is far behind is dropped, the oldest first, counted and logged.
    func events(_ family: BusFamily) -> AsyncStream<BusDelivery>

    /// Hears of `topic` from now on. With broadcast routing every instance hears everything, and this does nothing.
    ///
    /// Waits for the confirmation, at most 500 ms and not at all while the bus is down; one that comes later is told through
    /// `confirmedLate`. Each call needs an `unfollow` of its own.
    func follow(_ topic: BusTopic) async

    func unfollow(_ topic: BusTopic)

    /// Topics whose confirmation came after `follow` had returned: what was published meanwhile may have been missed.
    var confirmedLate: AsyncStream<BusTopic> { get }
}

extension Bus {
    package var taskExecutor: (any TaskExecutor)? { nil }

    /// For a bus that carries no traces.
    package func publish(_ event: BusEvent, trace: TraceParent?) {
        publish(event)
    }
}
