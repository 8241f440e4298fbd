import Actors
import Transport

/// The API's bodies; their field names are the protocol's.
struct UserPayload: Encodable {
    let userId: String
    let username: String
    let role: String
    let avatar: String?
    let suspended: Bool
    let createdAt: String

    init(_ user: User) {
        userId = user.userID.description
        username = user.username
        role = user.role.rawValue
        avatar = user.avatar
        suspended = user.isSuspended
        createdAt = user.createdAt.description
    }
}

struct SessionPayload: Encodable {
    let sessionId: String
    let createdAt: String
    let lastSeen: String
    let expiresAt: String
    let userAgent: String?
    let address: String?
    /// The instance that holds a connection of this session.
    let connectedTo: String?
    /// Whether it is the session that asks.
    let current: Bool?

    init(_ session: Session, connectedTo: String? = nil, isCurrent: Bool? = nil) {
        sessionId = session.sessionID.description
        createdAt = session.createdAt.description
        lastSeen = session.lastSeen.description
        expiresAt = session.expiresAt.description
        userAgent = session.userAgent
        address = session.address
        self.connectedTo = connectedTo
        current = isCurrent
    }
}

struct LogInPayload: Encodable {
    let user: UserPayload
    let token: String
    let sessionId: String
    let expiresAt: String

    init(_ logIn: LogIn) {
        user = UserPayload(logIn.user)
        token = logIn.token
        sessionId = logIn.session.sessionID.description
        expiresAt = logIn.session.expiresAt.description
    }
}

struct PersonPayload: Encodable {
    let userId: String
    let username: String
    let status: String
}

struct ConversationPayload: Encodable {
    let conversationId: String
    let kind: String
    let title: String
    let otherUserId: String?
    let lastSeq: Int64
    let readSeq: Int64
    let unread: Int64
    let lastMessage: MessagePayload?

    init(_ summary: ConversationSummary, reader: UserID) {
        conversationId = summary.conversationID.description
        switch summary.conversationID {
        case .direct(let pair):
            kind = "dm"
            otherUserId = pair.other(than: reader).description
        case .channel:
            kind = "channel"
            otherUserId = nil
        }
        title = summary.title
        lastSeq = summary.lastSeq
        readSeq = summary.readSeq
        unread = summary.unread
        lastMessage = summary.lastMessage.map { MessagePayload($0, showsClientMessageID: $0.senderID == reader) }
    }
}

struct AuditPayload: Encodable {
    let entryId: String
    let action: String
    let adminId: String?
    let adminName: String?
    let targetUserId: String
    let targetName: String?
    let targetSessionId: String?
    let reason: String?
    let createdAt: String

    init(_ entry: AuditEntry, names: [UserID: String]) {
        entryId = entry.entryID.description
        action = entry.action.rawValue
        adminId = entry.adminID?.description
        adminName = entry.adminID.flatMap { names[$0] }
        targetUserId = entry.targetUserID.description
        targetName = names[entry.targetUserID]
        targetSessionId = entry.targetSessionID?.description
        reason = entry.reason
        createdAt = entry.createdAt.description
    }
}
