import Actors
import Glibc
import Logging

/// The process's log on standard error.
enum LogSystem {
    /// Makes every logger write lines to standard error; whatever is waiting is written when the process exits. Called once.
    ///
    /// - Parameters:
    ///   - settings: what is logged and how.
    ///   - instanceID: part of every line.
    ///   - time: what lines are dated with.
    /// - Returns: the sink, to be flushed before an exit that skips `atexit` handlers.
    @discardableResult
    static func start(_ settings: Settings.Log, instanceID: String, time: any TimeSource) -> LogSink {
        let sink = LogSink { dropped in
            let metadata: Logger.Metadata = ["count": .stringConvertible(dropped)]
            let line = LogLine(time: time.now(), level: .warning, component: "Log", event: "log_dropped", metadata: metadata)
            return line.bytes(settings.format, instanceID: instanceID)
        } write: { bytes in
            LogSink.write(bytes, to: STDERR_FILENO)
        }
        let context = LineLogHandler.Context(format: settings.format, instanceID: instanceID, time: time, sink: sink)
        LoggingSystem.bootstrap(
            { component, provider in
                var handler = LineLogHandler(component: component, level: settings.level, context: context)
                handler.metadataProvider = provider
                return handler
            },
            metadataProvider: nil
        )
        ExitFlush.register(sink)
        return sink
    }

    /// As `start`, for a command that answers in words of its own: warnings and worse alone.
    static func startQuietly(_ settings: Settings) {
        let log = Settings.Log(level: max(settings.log.level, .warning), format: settings.log.format)
        start(log, instanceID: settings.instance.id, time: SystemTime())
    }
}
