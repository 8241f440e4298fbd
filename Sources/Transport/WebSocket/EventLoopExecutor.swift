import Actors
package import NIOCore

/// Runs actors on one event loop, so that a channel handler there may call them without a hop.
///
/// Actors hold their executor unowned: one of these must live as long as any of them.
package final class EventLoopExecutor: SessionExecutor {
    package let eventLoop: any EventLoop
    package let taskExecutor: (any TaskExecutor)?

    package init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        taskExecutor = EventLoopTaskExecutor(eventLoop: eventLoop)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute {
            job.runSynchronously(on: self.asUnownedSerialExecutor())
        }
    }

    package func checkIsolated() {
        eventLoop.preconditionInEventLoop()
    }

    package func isIsolatingCurrentContext() -> Bool? {
        eventLoop.inEventLoop
    }

    package func isSameExclusiveExecutionContext(other: EventLoopExecutor) -> Bool {
        eventLoop === other.eventLoop
    }

    package func execute(_ work: @escaping @Sendable () -> Void) {
        eventLoop.execute(work)
    }
}
