package import Synchronization

/// A value behind a lock, for what is shared outside of actors and held for a few instructions.
///
/// The thread sanitizer sees what this package's own code does, and not how the runtime's `Mutex` hands a contended lock from one thread
/// to the next: it would report the value's accesses as races. The `turn` shows it the order; it costs a plain load and store.
package struct Locked<Value>: ~Copyable, Sendable {
    @usableFromInline let mutex: Mutex<Value>
    @usableFromInline let turn = Atomic<Bool>(false)

    package init(_ value: sending Value) {
        mutex = Mutex(value)
    }

    /// Runs `body` while nobody else does.
    // Inlinable, as it would work with unknown types otherwise wherever another module uses it.
    @inlinable
    package borrowing func withLock<Result, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        try mutex.withLock { value throws(Failure) in
            _ = turn.load(ordering: .acquiring)
            defer { turn.store(true, ordering: .releasing) }
            return try body(&value)
        }
    }
}
