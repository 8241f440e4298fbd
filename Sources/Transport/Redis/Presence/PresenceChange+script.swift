import Actors

extension PresenceChange {
    /// What the change's script is called with besides its keys.
    ///
    /// - Parameter expiry: in seconds.
    func scriptArguments(on instance: String, expiry: String, at now: Timestamp) -> [String] {
        let text = PresencePayload.text(of: user, lastSeen: now, instanceID: instance)
        switch self {
        case .online(let user, let connections, let status):
            return [user.userID.description, instance, expiry, status.rawValue, text.before, text.after]
                + connections.map { PresenceKeys.socket($0, on: instance) }
        case .offline(let user, let connections, let isLastHere):
            return [
                user.userID.description, instance, expiry, isLastHere ? "1" : "0",
                text.before + PresenceStatus.offline.rawValue + text.after,
            ] + connections.map { PresenceKeys.socket($0, on: instance) }
        case .status(_, let status):
            return [expiry, status.rawValue, text.before + status.rawValue + text.after]
        }
    }
}

extension PresenceOutcome {
    /// Nil for anything but a script's answer.
    init?(_ reply: RedisReply) {
        guard let parts = reply.parts, parts.count >= 3, let isTurningPoint = parts[0].number,
            let status = parts[1].text.flatMap(PresenceStatus.init(rawValue:)), let at = parts[2].number
        else { return nil }
        self.init(isTurningPoint: isTurningPoint == 1, status: status, at: Timestamp(milliseconds: at))
    }
}
