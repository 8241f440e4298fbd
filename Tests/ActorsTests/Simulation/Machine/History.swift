import Logging

/// What happened in a run, line by line.
final class History: @unchecked Sendable {
    // Touched by the scheduler's thread only.
    private let scheduler: Scheduler
    private let isKept: Bool
    private(set) var lines: [String] = []

    init(_ scheduler: Scheduler, isKept: Bool) {
        self.scheduler = scheduler
        self.isKept = isKept
    }

    func note(_ line: @autoclosure () -> String) {
        guard isKept else { return }
        lines.append("\(scheduler.now.inSeconds) \(line())")
    }

    /// A logger of an instance that writes here.
    func logger(_ instance: String) -> Logger {
        guard isKept else { return Logger(label: instance) { _ in SwiftLogNoOpLogHandler() } }
        return Logger(label: instance) { HistoryLogHandler(history: self, instance: $0) }
    }
}

private struct HistoryLogHandler: LogHandler {
    let history: History
    let instance: String
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        // The clients' frames say the same.
        guard !["MESSAGE_SEND", "CONNECT", "DISCONNECT"].contains("\(event.message)") else { return }
        let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        history.note("\(instance) | \(event.message) \(fields)")
    }
}
