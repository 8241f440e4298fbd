package enum Role: String, Hashable, Sendable {
    case user
    case admin
}

/// A user name: 3–32 of `A-Z a-z 0-9 _ . -`, unique without regard to case.
package struct Username: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init?(_ text: some StringProtocol) {
        let bytes = text.utf8
        guard (3...32).contains(bytes.count), bytes.allSatisfy(Self.isAllowed) else { return nil }
        description = String(text)
    }

    /// The form that two spellings of one name share.
    package var folded: String {
        description.lowercased()
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"): true
        default: false
        }
    }
}

/// A person's account.
package struct User: Hashable, Sendable {
    package let userID: UserID
    package let username: String
    package let role: Role
    /// An https URL.
    package var avatar: String?
    package var isSuspended: Bool
    /// Raised by each ban and each revocation of all sessions: a session is valid only in the epoch it was made in.
    package var authEpoch: Int64
    package let createdAt: Timestamp

    package init(
        userID: UserID,
        username: String,
        role: Role,
        avatar: String? = nil,
        isSuspended: Bool = false,
        authEpoch: Int64 = 0,
        createdAt: Timestamp
    ) {
        self.userID = userID
        self.username = username
        self.role = role
        self.avatar = avatar
        self.isSuspended = isSuspended
        self.authEpoch = authEpoch
        self.createdAt = createdAt
    }
}

/// An account together with its password's hash.
package struct Credentials: Sendable {
    package let user: User
    /// A PHC string (https://github.com/P-H-C/phc-string-format).
    package let passwordHash: String

    package init(user: User, passwordHash: String) {
        self.user = user
        self.passwordHash = passwordHash
    }
}

/// A log-in: what a token stands for. It outlives connections and instances.
package struct Session: Hashable, Sendable {
    package let sessionID: SessionID
    package let userID: UserID
    /// The user's epoch as it was read before the password was checked.
    package let authEpoch: Int64
    package let createdAt: Timestamp
    package let expiresAt: Timestamp
    package var lastSeen: Timestamp
    package let userAgent: String?
    package let address: String?
    package var isRevoked: Bool

    package init(
        sessionID: SessionID,
        userID: UserID,
        authEpoch: Int64,
        createdAt: Timestamp,
        expiresAt: Timestamp,
        lastSeen: Timestamp,
        userAgent: String?,
        address: String?,
        isRevoked: Bool = false
    ) {
        self.sessionID = sessionID
        self.userID = userID
        self.authEpoch = authEpoch
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastSeen = lastSeen
        self.userAgent = userAgent
        self.address = address
        self.isRevoked = isRevoked
    }
}

/// What the store says of a session and its user at one moment.
package struct SessionRecord: Hashable, Sendable {
    package let user: User
    package let session: Session
    /// The store's latest change stamp at that moment.
    package let stamp: Stamp

    package init(user: User, session: Session, stamp: Stamp) {
        self.user = user
        self.session = session
        self.stamp = stamp
    }

    /// Why the session may not be used at `now`; nil where it may.
    package func refusal(at now: Timestamp) -> EndReason? {
        if user.isSuspended { return .suspended }
        if session.authEpoch != user.authEpoch { return .removed }
        if session.isRevoked { return .revoked }
        if session.expiresAt <= now { return .tokenExpired }
        return nil
    }
}

/// Somebody who has shown a valid token of a valid session.
package struct Principal: Hashable, Sendable {
    package let userID: UserID
    package let username: String
    package let avatar: String?
    package let role: Role
    package let sessionID: SessionID
    package let authEpoch: Int64
    package let expiresAt: Timestamp

    package init(
        userID: UserID,
        username: String,
        avatar: String? = nil,
        role: Role,
        sessionID: SessionID,
        authEpoch: Int64,
        expiresAt: Timestamp
    ) {
        self.userID = userID
        self.username = username
        self.avatar = avatar
        self.role = role
        self.sessionID = sessionID
        self.authEpoch = authEpoch
        self.expiresAt = expiresAt
    }

    package init(_ record: SessionRecord) {
        self.init(
            userID: record.user.userID,
            username: record.user.username,
            avatar: record.user.avatar,
            role: record.user.role,
            sessionID: record.session.sessionID,
            authEpoch: record.session.authEpoch,
            expiresAt: record.session.expiresAt
        )
    }
}

/// What a signed token claims.
package struct TokenClaims: Hashable, Sendable {
    package let userID: UserID
    package let sessionID: SessionID
    package let role: Role
    package let issuedAt: Timestamp
    package let expiresAt: Timestamp

    package init(userID: UserID, sessionID: SessionID, role: Role, issuedAt: Timestamp, expiresAt: Timestamp) {
        self.userID = userID
        self.sessionID = sessionID
        self.role = role
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }
}

/// A line of the audit log: who did what to whom.
package struct AuditEntry: Hashable, Sendable {
    package enum Action: String, Hashable, Sendable {
        case ban
        case unban
        case revokeAll = "revoke_all"
        case revokeOne = "revoke_one"
    }

    /// The line's own id; ascending with time.
    package let entryID: MessageID
    package let action: Action
    /// Nil for the command line.
    package let adminID: UserID?
    package let targetUserID: UserID
    package let targetSessionID: SessionID?
    package let reason: String?
    package let createdAt: Timestamp

    package init(
        entryID: MessageID,
        action: Action,
        adminID: UserID?,
        targetUserID: UserID,
        targetSessionID: SessionID? = nil,
        reason: String? = nil,
        createdAt: Timestamp
    ) {
        self.entryID = entryID
        self.action = action
        self.adminID = adminID
        self.targetUserID = targetUserID
        self.targetSessionID = targetSessionID
        self.reason = reason
        self.createdAt = createdAt
    }
}
