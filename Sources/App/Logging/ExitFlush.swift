import Glibc
import Synchronization

/// Flushes a sink when the process exits: `atexit` takes a C function, which can carry no sink along.
enum ExitFlush {
    private static let sink = Mutex<LogSink?>(nil)

    static func register(_ sink: LogSink) {
        let isFirst = self.sink.withLock { current in
            defer { current = sink }
            return current == nil
        }
        if isFirst { atexit { ExitFlush.sink.withLock { $0 }?.flush() } }
    }
}
