import Actors
import Dispatch
import Glibc

/// Ends a process that was told to stop and doesn't, whatever it is that hangs.
enum EndOfPatience {
    /// - Parameter delay: from now until the process ends with status 1, should it still be there.
    static func begin(after delay: Duration) {
        // On a thread of Dispatch: what hangs may be every thread that runs tasks.
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(Int(delay.milliseconds))) {
            LogSink.write(Array("switchboard: what was under way did not end in time\n".utf8), to: STDERR_FILENO)
            _exit(ExitError.Status.failure.rawValue)
        }
    }
}
