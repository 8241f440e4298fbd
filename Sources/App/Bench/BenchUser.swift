import Actors
import LocalCluster
import Transport

/// Somebody who is logged in: put into the store without a password, which thousands of people would take minutes for.
struct BenchUser: Sendable {
    let userID: UserID
    let token: String

    /// Stores people with a session each.
    static func seed(_ count: Int, in database: BenchDatabase) async throws -> [BenchUser] {
        let time = SystemTime()
        let ids = UUIDv7Generator(time: time)
        guard let tokens = await JWTTokenCodec(secret: ServerProcess.tokenSecret, time: time) else {
            throw BenchFailure("the servers' secret is too short")
        }
        let store = try await database.open()
        var users: [BenchUser] = []
        users.reserveCapacity(count)
        for start in stride(from: 0, to: count, by: 1_000) {
            users += try await withThrowingTaskGroup(of: BenchUser.self) { group in
                for number in start..<min(count, start + 1_000) {
                    group.addTask { try await make(number, store: store, tokens: tokens, ids: ids, now: time.now()) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        await store.close()
        return users
    }

    private static func make(
        _ number: Int,
        store: any AccountStore,
        tokens: JWTTokenCodec,
        ids: UUIDv7Generator,
        now: Timestamp
    ) async throws -> BenchUser {
        let user = User(userID: ids.next(UserID.self), username: "bench-\(number)", role: .user, createdAt: now)
        let session = Session(
            sessionID: ids.next(SessionID.self),
            userID: user.userID,
            authEpoch: 0,
            createdAt: now,
            expiresAt: now.advanced(by: .seconds(86_400)),
            lastSeen: now,
            userAgent: nil,
            address: nil
        )
        try await store.createUser(user, passwordHash: "none")
        try await store.createSession(session)
        let claims = TokenClaims(
            userID: user.userID,
            sessionID: session.sessionID,
            role: .user,
            issuedAt: now,
            expiresAt: session.expiresAt
        )
        return BenchUser(userID: user.userID, token: try await tokens.issue(claims))
    }
}
