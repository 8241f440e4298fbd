/// What others see of a user.
package enum PresenceStatus: String, Hashable, Sendable, CaseIterable {
    case online
    case away
    case busy
    /// No socket anywhere; never chosen by the user.
    case offline
}

/// A user's presence over the cluster.
package struct UserPresence: Hashable, Sendable {
    package let userID: UserID
    /// Nil where it is not known.
    package let username: String?
    package let status: PresenceStatus
    /// When the user was connected last, as far as that is known.
    package let lastSeen: Timestamp?

    package init(userID: UserID, username: String? = nil, status: PresenceStatus, lastSeen: Timestamp?) {
        self.userID = userID
        self.username = username
        self.status = status
        self.lastSeen = lastSeen
    }
}

extension UserPresence {
    /// What a change made of it.
    package init(_ event: PresenceEvent) {
        self.init(userID: event.userID, username: event.username, status: event.status, lastSeen: event.timestamp)
    }
}

/// A change of presence as instances tell each other.
package struct PresenceEvent: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        /// The first socket in the cluster.
        case online = "user:online"
        /// The last socket in the cluster has gone.
        case offline = "user:offline"
        case status = "user:status"
    }

    package let kind: Kind
    package let userID: UserID
    package let username: String
    package let status: PresenceStatus
    package let timestamp: Timestamp

    package init(kind: Kind, userID: UserID, username: String, status: PresenceStatus, timestamp: Timestamp) {
        self.kind = kind
        self.userID = userID
        self.username = username
        self.status = status
        self.timestamp = timestamp
    }
}
