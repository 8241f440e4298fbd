import Logging

/// Passes on what the HTTP library logs, but for what it says at every end that is not a graceful one and that is no error.
struct HTTPLogHandler: LogHandler {
    private static let passedOver: Set<String> = [
        // Its task was cancelled.
        "Waiting on child channel: CancellationError()",
        // Its socket was closed with the task before it was asked to close it.
        "Server shutdown error: Already closed",
    ]

    private var next: any LogHandler

    init(_ next: any LogHandler) {
        self.next = next
    }

    var logLevel: Logger.Level {
        get { next.logLevel }
        set { next.logLevel = newValue }
    }

    var metadata: Logger.Metadata {
        get { next.metadata }
        set { next.metadata = newValue }
    }

    var metadataProvider: Logger.MetadataProvider? {
        get { next.metadataProvider }
        set { next.metadataProvider = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { next[metadataKey: key] }
        set { next[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        guard !Self.passedOver.contains(event.message.description) else { return }
        next.log(event: event)
    }
}
