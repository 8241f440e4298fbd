import Actors

/// The clock of one instance: it stands while anything can run. Its wall clock may be wrong, as no instance's clock is ever compared with
/// another's.
final class VirtualTime: TimeSource {
    private let scheduler: Scheduler
    private let start: Timestamp
    /// Where the uptime seems to stand still, for whoever would have to notice that time has passed.
    private let standsStill: Bool
    /// That of the process whose clock it is.
    private let freezer: Freezer?

    init(_ scheduler: Scheduler, skew: Duration = .zero, standsStill: Bool = false, freezer: Freezer? = nil) {
        self.scheduler = scheduler
        self.freezer = freezer
        start = Timestamp(milliseconds: 1_767_873_600_000).advanced(by: skew)
        self.standsStill = standsStill
    }

    func now() -> Timestamp {
        start.advanced(by: scheduler.now)
    }

    func uptime() -> Duration {
        standsStill ? .zero : scheduler.now
    }

    func sleep(for duration: Duration) async throws {
        let sleeper = Sleeper(scheduler, freezer)
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { sleeper.begin($0, for: duration) }
        } onCancel: {
            sleeper.cancel()
        }
    }
}

private final class Sleeper: @unchecked Sendable {
    // Touched by the scheduler's thread only.
    private let scheduler: Scheduler
    private let freezer: Freezer?
    private var continuation: UnsafeContinuation<Void, any Error>?
    private var timer: UInt64?
    private var isCancelled = false

    init(_ scheduler: Scheduler, _ freezer: Freezer?) {
        self.scheduler = scheduler
        self.freezer = freezer
    }

    func begin(_ continuation: UnsafeContinuation<Void, any Error>, for duration: Duration) {
        guard !isCancelled else { return continuation.resume(throwing: CancellationError()) }
        self.continuation = continuation
        timer = scheduler.after(duration) {
            guard let freezer = self.freezer else { return self.end(.success(())) }
            freezer.run { self.end(.success(())) }
        }
    }

    func cancel() {
        isCancelled = true
        if let timer { scheduler.cancel(timer) }
        end(.failure(CancellationError()))
    }

    private func end(_ result: Result<Void, any Error>) {
        continuation?.resume(with: result)
        continuation = nil
    }
}
