import Actors
import Logging

/// What one log line says.
struct LogLine {
    let time: Timestamp
    let level: Logger.Level
    /// Who says it: the logger's label.
    let component: String
    let event: String
    let metadata: Logger.Metadata

    /// The line's bytes with the line feed that ends it; there is no other in it.
    ///
    /// - Parameter instanceID: part of every line. Metadata of that name is left out.
    func bytes(_ format: LogFormat, instanceID: String) -> [UInt8] {
        var writer = JSONWriter()
        let fields = metadata.filter { $0.key != "instanceId" }.sorted(by: LogKeyOrder.areInOrder)
        switch format {
        case .text:
            writer.raw("\(time) [\(level.name)] [")
            writer.text(component)
            writer.raw("] ")
            writer.text(event)
            writer.raw(" {")
            for (key, value) in fields {
                writer.field(key, value)
            }
            writer.field("instanceId", .string(instanceID))
        case .json:
            writer.raw("{")
            writer.field("time", .string(time.description))
            writer.field("level", .string(level.name))
            writer.field("component", .string(component))
            writer.field("event", .string(event))
            writer.field("instanceId", .string(instanceID))
            for (key, value) in fields {
                writer.field(LogKeyOrder.isReserved(key) ? key + "_" : key, value)
            }
        }
        writer.raw("}\n")
        return writer.bytes
    }
}

/// Swift's dictionaries have no order; a line's fields have: what the event is about first, then the rest by name.
private enum LogKeyOrder {
    private static let first: [String: Int] = {
        let keys = [
            "reason", "messageId", "recipientId", "channelId", "conversationId", "seq", "senderId", "userId", "sessionId",
            "originInstanceId",
        ]
        return Dictionary(uniqueKeysWithValues: zip(keys, keys.indices))
    }()

    static func areInOrder(_ one: Logger.Metadata.Element, _ other: Logger.Metadata.Element) -> Bool {
        (first[one.key] ?? .max, one.key) < (first[other.key] ?? .max, other.key)
    }

    /// Whether the line itself has a field of that name.
    static func isReserved(_ key: String) -> Bool {
        ["time", "level", "component", "event"].contains(key)
    }
}

extension Logger.Level {
    fileprivate var name: String {
        switch self {
        case .trace: "TRACE"
        case .debug: "DEBUG"
        case .info: "INFO"
        case .notice: "NOTICE"
        case .warning: "WARN"
        case .error: "ERROR"
        case .critical: "FATAL"
        }
    }
}
