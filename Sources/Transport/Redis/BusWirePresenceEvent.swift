import Actors

/// The members of `presence_events`.
struct BusWirePresenceEvent: Decodable {
    let event: PresenceEvent

    private enum Key: CodingKey {
        case event
        case data
    }

    private enum DataKey: CodingKey {
        case userId
        case username
        case status
        case timestamp
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Key.self)
        let data = try members.nestedContainer(keyedBy: DataKey.self, forKey: .data)
        guard
            let kind = PresenceEvent.Kind(rawValue: try members.decode(String.self, forKey: .event)),
            let status = PresenceStatus(rawValue: try data.decode(String.self, forKey: .status)),
            let timestamp = Timestamp(try data.decode(String.self, forKey: .timestamp))
        else { throw BusRejection.invalidField }
        // Whoever has gone is offline, and nobody else is.
        guard (kind == .offline) == (status == .offline) else { throw BusRejection.inconsistent }
        event = PresenceEvent(
            kind: kind,
            userID: try UserID(wire: data.decode(String.self, forKey: .userId)),
            username: try BusWireEnvelope.name(data.decode(String.self, forKey: .username)),
            status: status,
            timestamp: timestamp
        )
    }
}
