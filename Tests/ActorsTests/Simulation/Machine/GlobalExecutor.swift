import Glibc

/// The runtime's thread pool, replaced for the whole process: whatever would run there is given to the scheduler of the run.
///
/// The runtime asks this hook for every job of a task or a default actor that has no executor of its own, unstructured tasks included. So
/// nothing in `Actors` has to know of it. The price: no test may run in the same process, which is why the simulation is a program.
enum GlobalExecutor {
    private typealias Original = @convention(thin) (UnownedJob) -> Void
    private typealias Hook = @convention(thin) (UnownedJob, Original) -> Void

    static func takeOver() {
        guard let symbol = dlsym(dlopen(nil, RTLD_LAZY), "swift_task_enqueueGlobal_hook") else {
            fatalError("this Swift runtime has no swift_task_enqueueGlobal_hook")
        }
        symbol.assumingMemoryBound(to: Hook?.self).pointee = { job, _ in Scheduler.current.take(job) }
    }
}
