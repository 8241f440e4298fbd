/// A user as the cluster knows it, with whatever was stored beside the status.
package struct PresenceRecord: Hashable, Sendable {
    package let userID: UserID
    package let username: String?
    package let status: PresenceStatus
    package let lastSeen: Timestamp?

    package init(userID: UserID, username: String?, status: PresenceStatus, lastSeen: Timestamp?) {
        self.userID = userID
        self.username = username
        self.status = status
        self.lastSeen = lastSeen
    }

    package var presence: UserPresence {
        UserPresence(userID: userID, username: username, status: status, lastSeen: lastSeen)
    }
}

/// Who somebody is, as others are shown them.
package struct PresentUser: Hashable, Sendable {
    package let userID: UserID
    package let username: String
    package let avatar: String?

    package init(userID: UserID, username: String, avatar: String? = nil) {
        self.userID = userID
        self.username = username
        self.avatar = avatar
    }
}

/// A change of one user's sockets or status on this instance, for the directory.
package enum PresenceChange: Hashable, Sendable {
    /// Connections that have come. `status` counts where the user has no other socket in the cluster; else the one that is there stays.
    case online(PresentUser, Set<ConnectionID>, status: PresenceStatus)
    /// Connections that have gone. `isLastHere`: the user has none left on this instance.
    case offline(PresentUser, Set<ConnectionID>, isLastHere: Bool)
    /// Chosen by the user.
    case status(PresentUser, PresenceStatus)
}

/// What a change was in the cluster.
package struct PresenceOutcome: Hashable, Sendable {
    /// Of `.online`: it was the first socket. Of `.offline`: no socket is left. Of `.status`: it is another one than before.
    package let isTurningPoint: Bool
    /// The user's status after it.
    package let status: PresenceStatus
    /// By the directory's own clock, so that the events of several instances can be put in order.
    package let at: Timestamp

    package init(isTurningPoint: Bool, status: PresenceStatus, at: Timestamp) {
        self.isTurningPoint = isTurningPoint
        self.status = status
        self.at = at
    }
}

/// What an instance says of itself with each renewal of its lease.
package struct InstanceReport: Hashable, Sendable {
    package let instanceID: String
    package let version: String
    /// The machine that it runs on.
    package let host: String
    package let startedAt: Timestamp
    package let heartbeatAt: Timestamp
    package let connections: Int
    package let users: Int
    package let bus: String
    package let store: String

    package init(
        instanceID: String,
        version: String,
        host: String,
        startedAt: Timestamp,
        heartbeatAt: Timestamp,
        connections: Int,
        users: Int,
        bus: String,
        store: String
    ) {
        self.instanceID = instanceID
        self.version = version
        self.host = host
        self.startedAt = startedAt
        self.heartbeatAt = heartbeatAt
        self.connections = connections
        self.users = users
        self.bus = bus
        self.store = store
    }
}

/// A lease that was found under an instance's id.
package struct LeaseHolder: Hashable, Sendable {
    /// As the holder wrote it; another one after each renewal.
    package let version: [UInt8]
    package let startedAt: String
    package let host: String

    package init(version: [UInt8], startedAt: String, host: String) {
        self.version = version
        self.startedAt = startedAt
        self.host = host
    }
}

/// The wish to hold a lease, and what it met.
package enum LeaseClaim: Hashable, Sendable {
    /// Held now. `wasReaped`: other instances have taken this one's users offline since it held one.
    case claimed(wasReaped: Bool)
    /// Somebody else's, or an earlier life's.
    case held(LeaseHolder)
    /// Not given yet: users are still being taken offline, of an earlier life or of this one, which was taken for dead.
    case unclear
}

/// What became of a renewal.
package enum LeaseRenewal: Hashable, Sendable {
    case renewed
    /// There is none: it has expired, or everything was deleted.
    case gone
    /// Another process has written it.
    case foreign(LeaseHolder)
}

/// What a heartbeat brought.
package struct HeartbeatAnswer: Hashable, Sendable {
    package let renewal: LeaseRenewal
    /// Users to be refreshed of whom something was missing.
    package let missing: [UserID]
    /// What is known of the users to be read.
    package let records: [UserID: PresenceRecord]

    package init(renewal: LeaseRenewal, missing: [UserID], records: [UserID: PresenceRecord]) {
        self.renewal = renewal
        self.missing = missing
        self.records = records
    }
}

/// An instance whose lease had expired, and what was done for it.
package struct ReapedInstance: Hashable, Sendable {
    package let instanceID: String
    /// Users whose sockets there were removed.
    package let users: Int
    /// Those of them that have no other socket.
    package let offline: Int

    package init(instanceID: String, users: Int, offline: Int) {
        self.instanceID = instanceID
        self.users = users
        self.offline = offline
    }
}

/// What a look at all leases brought.
package struct LeaseScan: Hashable, Sendable {
    /// Whether this instance is among those that hold a lease, and listed.
    package let holdsOwn: Bool
    package let reaped: [ReapedInstance]
    /// What the other instances were told on the way, and this one has to hear too.
    package let events: [PresenceEvent]

    package init(holdsOwn: Bool, reaped: [ReapedInstance], events: [PresenceEvent] = []) {
        self.holdsOwn = holdsOwn
        self.reaped = reaped
        self.events = events
    }
}
