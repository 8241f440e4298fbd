import Actors

extension PresenceEvent {
    /// The members of `presence_events`.
    init(wire members: JSONObject) throws(BusRejection) {
        let data = try members.object("data")
        guard
            let kind = Kind(rawValue: try members.string("event")),
            let status = PresenceStatus(rawValue: try data.string("status")),
            let timestamp = Timestamp(try data.string("timestamp"))
        else { throw .invalidField }
        // Whoever has gone is offline, and nobody else is.
        guard (kind == .offline) == (status == .offline) else { throw .inconsistent }
        self.init(
            kind: kind,
            userID: try UserID(wire: data.string("userId")),
            username: try BusWireEnvelope.name(data.string("username")),
            status: status,
            timestamp: timestamp
        )
    }
}
