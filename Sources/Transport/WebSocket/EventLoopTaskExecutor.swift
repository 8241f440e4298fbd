package import NIOCore

/// Runs tasks on one event loop: what one of them awaits there, an actor that is free or a function of no actor, costs no other thread.
///
/// What runs here holds up the connections of its loop as long as it computes; it must never block.
package final class EventLoopTaskExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    package init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute {
            job.runSynchronously(on: self.asUnownedTaskExecutor())
        }
    }
}
