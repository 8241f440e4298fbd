/// Where time comes from.
package protocol TimeSource: Sendable {
    /// Wall-clock time, to be shown and stored.
    func now() -> Timestamp

    /// Time since some fixed moment, never running backwards: to measure and to wait with.
    func uptime() -> Duration

    /// Waits; throws `CancellationError` when the task is cancelled meanwhile.
    func sleep(for duration: Duration) async throws
}

/// Where ids come from.
package protocol IDGenerator: Sendable {
    /// A new id, above every one that this generator has made before.
    func next<Entity>(_ type: Identifier<Entity>.Type) -> Identifier<Entity>
}
