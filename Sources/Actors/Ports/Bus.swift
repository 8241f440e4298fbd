/// The fast and forgetful way between instances.
package protocol Bus: Sendable {
    var status: BusStatus { get }

    /// Sends a hint to the other instances. Returns at once and never fails: what can't be sent waits in a bounded queue,
    /// and what falls out of that is counted and logged; the store has it.
    func publish(_ event: BusEvent)

    /// Hints that came in, from this instance too. Each may be read once, by one task.
    ///
    /// What arrives while the consumer is far behind is dropped, the oldest first, counted and logged.
    var messages: AsyncStream<BusDelivery> { get }

    /// Kicks that came in; as `messages`.
    var kicks: AsyncStream<BusDelivery> { get }
}
