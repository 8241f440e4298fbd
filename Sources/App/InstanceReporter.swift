import Actors
import Glibc
import Transport

/// What this instance says of itself to the others and to admins.
struct InstanceReporter: Sendable {
    /// The program's version.
    static let version = "0.1.0"

    let instanceID: String
    let startedAt: Timestamp
    let registry: Registry
    let bus: any Bus
    let store: StoreStatus
    let time: any TimeSource

    func report() async -> InstanceReport {
        let counts = await registry.counts
        return InstanceReport(
            instanceID: instanceID,
            version: Self.version,
            host: Self.host,
            startedAt: startedAt,
            heartbeatAt: time.now(),
            connections: counts.connections,
            users: counts.users,
            bus: bus.status.word,
            store: store.isAvailable ? "ok" : "unavailable"
        )
    }

    private static let host: String = {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()
}
