/// How a log line looks.
enum LogFormat: String, CaseIterable, Sendable {
    /// For people: `2026-01-08T12:00:00.000Z [INFO] [RedisBus] bus_enabled {"instanceId":"A"}`.
    case text
    /// One JSON object a line.
    case json
}
