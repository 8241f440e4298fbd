import Actors
import Logging

/// Turns what is logged into lines. The logger's label is the component, the message is the event.
///
/// Numbers and truth values keep their type where they are given as `.stringConvertible`. `instanceId` in metadata is left out,
/// as each line has its own.
struct LineLogHandler: LogHandler {
    /// What all handlers of a process share.
    struct Context: Sendable {
        let format: LogFormat
        let instanceID: String
        let time: any TimeSource
        let sink: LogSink
    }

    let component: String
    let context: Context
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    init(component: String, level: Logger.Level, context: Context) {
        self.component = component
        self.context = context
        logLevel = level
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { _, new in new } }
        if let given = event.metadata { fields.merge(given) { _, new in new } }
        if let error = event.error, fields["error"] == nil { fields["error"] = .string("\(error)") }
        let line = LogLine(
            time: context.time.now(),
            level: event.level,
            component: component,
            event: event.message.description,
            metadata: fields
        )
        context.sink.append(line.bytes(context.format, instanceID: context.instanceID))
    }
}
