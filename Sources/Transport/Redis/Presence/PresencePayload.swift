import Actors
import FoundationEssentials
import NIOCore

/// A user's presence as it stands in Redis.
struct PresencePayload: Decodable {
    let userId: String
    let username: String?
    let status: String
    let lastSeen: String?

    /// Nil for what this program would not have written.
    static func record(_ bytes: [UInt8]) -> PresenceRecord? {
        guard let payload = try? JSONDecoder().decode(Self.self, from: Data(bytes)), let user = UserID(payload.userId),
            let status = PresenceStatus(rawValue: payload.status)
        else { return nil }
        return PresenceRecord(
            userID: user,
            username: payload.username,
            status: status,
            lastSeen: payload.lastSeen.flatMap { Timestamp($0) }
        )
    }

    /// The JSON object in two parts, between which the status belongs.
    static func text(of user: PresentUser, lastSeen: Timestamp, instanceID: String) -> (before: String, after: String) {
        var writer = JSONWriter(buffer: ByteBuffer())
        writer.beginObject()
        writer.field("userId", user.userID.description)
        writer.field("username", user.username)
        writer.field("avatar", user.avatar)
        writer.field("status", "")
        let before = String(buffer: writer.buffer).dropLast()
        var rest = JSONWriter(buffer: ByteBuffer())
        rest.beginObject()
        rest.field("lastSeen", lastSeen.description)
        rest.field("instanceId", instanceID)
        rest.endObject()
        return (String(before), "\"," + String(buffer: rest.buffer).dropFirst())
    }
}

/// A lease as it stands in Redis.
struct LeasePayload: Codable {
    let instanceId: String
    let version: String
    let host: String
    let startedAt: String
    let heartbeatAt: String
    let connections: Int
    let users: Int
    let bus: String
    let store: String
    /// Random, of one life of one instance.
    let boot: String

    init(_ report: InstanceReport, boot: String) {
        instanceId = report.instanceID
        version = report.version
        host = report.host
        startedAt = report.startedAt.description
        heartbeatAt = report.heartbeatAt.description
        connections = report.connections
        users = report.users
        bus = report.bus
        store = report.store
        self.boot = boot
    }

    var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Strings and numbers always encode.
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    static func report(_ bytes: [UInt8]) -> InstanceReport? {
        guard let payload = try? JSONDecoder().decode(Self.self, from: Data(bytes)), let startedAt = Timestamp(payload.startedAt),
            let heartbeatAt = Timestamp(payload.heartbeatAt)
        else { return nil }
        return InstanceReport(
            instanceID: payload.instanceId,
            version: payload.version,
            host: payload.host,
            startedAt: startedAt,
            heartbeatAt: heartbeatAt,
            connections: payload.connections,
            users: payload.users,
            bus: payload.bus,
            store: payload.store
        )
    }

    /// Whose lease it is; nil for what is none.
    static func boot(_ bytes: [UInt8]) -> String? {
        (try? JSONDecoder().decode(Self.self, from: Data(bytes)))?.boot
    }

    static func holder(_ bytes: [UInt8]) -> LeaseHolder {
        let payload = try? JSONDecoder().decode(Self.self, from: Data(bytes))
        return LeaseHolder(version: bytes, startedAt: payload?.startedAt ?? "an unknown time", host: payload?.host ?? "an unknown host")
    }
}
