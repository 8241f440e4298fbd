package import Logging

/// A line that was logged.
package struct RecordedLine: Sendable {
    package let level: Logger.Level
    package let event: String
    package let metadata: [String: String]

    package init(level: Logger.Level, event: String, metadata: [String: String]) {
        self.level = level
        self.event = event
        self.metadata = metadata
    }
}

/// A logger whose lines a test reads.
package struct RecordingLogHandler: LogHandler {
    private let lines: Recorder<RecordedLine>
    package var logLevel = Logger.Level.debug
    package var metadata: Logger.Metadata = [:]

    package init(_ lines: Recorder<RecordedLine>) {
        self.lines = lines
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let metadata = (event.metadata ?? [:]).mapValues(\.description)
        lines.append(RecordedLine(level: event.level, event: event.message.description, metadata: metadata))
    }
}
