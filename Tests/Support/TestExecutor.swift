import Actors
import Dispatch

/// An executor on a serial queue of its own, in place of a connection's event loop.
package final class TestExecutor: SessionExecutor {
    /// On the global queue: a thousand queues of their own would want a thousand threads.
    private let queue = DispatchQueue(label: "TestExecutor", target: .global())

    package init() {}

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async {
            job.runSynchronously(on: self.asUnownedSerialExecutor())
        }
    }

    package func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }

    package func execute(_ work: @escaping @Sendable () -> Void) {
        queue.async(execute: work)
    }

    /// Runs `body` on this executor and gives its result back: for calls that must be made there.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: body()) }
        }
    }

    /// Returns when everything given before has run.
    package func settle() async {
        await run {}
    }
}
