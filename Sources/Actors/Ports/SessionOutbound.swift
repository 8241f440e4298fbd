/// An executor that runs one connection's actor, and takes plain work in the order in which it is given.
package protocol SessionExecutor: SerialExecutor {
    /// Runs `work` on this executor after everything given before it; at once where the caller is on it already is not allowed.
    func execute(_ work: @escaping @Sendable () -> Void)

    /// Where tasks of the connection run that aren't on an actor with an executor of its own; nil for Swift's own threads.
    var taskExecutor: (any TaskExecutor)? { get }
}

extension SessionExecutor {
    package var taskExecutor: (any TaskExecutor)? { nil }
}

/// What became of an event given to a connection.
package enum OutboundAdmission: Hashable, Sendable {
    case accepted
    /// Left out: not essential, and much is waiting; or an `ACK` that the client hears of in another way.
    case skipped
    /// More is waiting than the limit allows; nothing was written.
    case overflow
}

/// A connection's way to its client. Every call is made on the connection's executor.
package protocol SessionOutbound: Sendable {
    /// Encodes and writes; flushed when the executor's turn ends, or a millisecond later where much is written.
    ///
    /// The message of an `ACK` that is `.skipped` is delivered in its turn, as those of others are.
    func send(_ event: Event) -> OutboundAdmission

    /// As `send`, with the encoding that all receivers share.
    func send(_ event: SharedEvent) -> OutboundAdmission

    /// A message has had its turn that is not written, as the client has it by the answer to its command.
    func passed(_ event: SharedEvent)

    /// Has what was sent go out now, where waiting for the end of the turn is longer than the system call that this costs.
    func flush()

    /// Whether half of what may wait for the client waits: what can come later should.
    var isPressed: Bool { get }

    /// Asks the client for a sign of life.
    func ping()

    /// Writes `event` and the close, and reads nothing more. Further calls do nothing.
    ///
    /// Where `reason.jumpsQueue`, what waits is dropped, and the connection is reset where the client hasn't closed it in 500 ms.
    func close(_ reason: EndReason, after event: Event?)
}

extension SessionOutbound {
    /// For those that hold nothing back.
    package func flush() {}

    /// For those that don't keep where the client stands.
    package func passed(_ event: SharedEvent) {}
}
