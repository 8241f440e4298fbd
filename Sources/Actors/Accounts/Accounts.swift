package import Logging

/// A log-in that succeeded.
package struct LogIn: Sendable {
    package let user: User
    package let session: Session
    package let token: String
}

/// Registration, log-in and log-out.
package final class Accounts: Sendable {
    private let store: any Store
    private let hasher: any PasswordHasher
    private let tokens: any TokenCodec
    private let moderation: Moderation
    private let ids: any IDGenerator
    private let time: any TimeSource
    private let tokenLifetime: Duration
    private let metrics: ChatMetrics
    private let logger: Logger
    private let throttle = Locked(FailureThrottle<LogInKey>())
    private let sharedFailures: (any LogInFailures)?

    /// - Parameters:
    ///   - tokenLifetime: how long a log-in lasts.
    ///   - sharedFailures: counts the failures of all instances beside those of this one; nil where there are no others.
    package init(
        store: any Store,
        hasher: any PasswordHasher,
        tokens: any TokenCodec,
        moderation: Moderation,
        ids: any IDGenerator,
        time: any TimeSource,
        tokenLifetime: Duration,
        sharedFailures: (any LogInFailures)? = nil,
        metrics: ChatMetrics = .shared,
        logger: Logger = Logger(label: "Session")
    ) {
        self.store = store
        self.hasher = hasher
        self.tokens = tokens
        self.moderation = moderation
        self.ids = ids
        self.time = time
        self.tokenLifetime = tokenLifetime
        self.sharedFailures = sharedFailures
        self.metrics = metrics
        self.logger = logger
    }

    /// Makes an account and logs it in.
    ///
    /// - Throws: `.badRequest` for a name or password outside the rules, `.conflict` where the name is taken.
    package func register(username: String, password: String, peer: PeerInfo) async throws(RequestError) -> LogIn {
        let user = try await create(username: username, password: password, role: .user)
        return try await begin(user, peer: peer)
    }

    /// Makes an account without logging it in.
    package func create(username: String, password: String, role: Role) async throws(RequestError) -> User {
        guard let name = Username(username) else {
            throw RequestError(.badRequest, "username: 3–32 characters of A-Z a-z 0-9 _ . -")
        }
        guard (8...128).contains(password.unicodeScalars.count) else {
            throw RequestError(.badRequest, "password: 8–128 characters")
        }
        let hash = try await hasher.hash(password)
        let user = User(userID: ids.next(UserID.self), username: name.description, role: role, createdAt: time.now())
        do {
            try await store.createUser(user, passwordHash: hash)
        } catch {
            guard error.code == .duplicateKey else { throw RequestError(error) }
            throw RequestError(.conflict, "This username is taken.")
        }
        return user
    }

    /// Makes the first admin unless the name exists already.
    package func ensureAdmin(username: String, password: String) async throws(RequestError) {
        // Asked first, as a hash takes longer than the rest of a start.
        guard try await credentials(Username(username)) == nil else { return }
        do {
            let admin = try await create(username: username, password: password, role: .admin)
            logger.notice("admin_created", metadata: ["userId": "\(admin.userID)"])
        } catch {
            guard error.code == .conflict else { throw error }
        }
    }

    /// Logs in. An unknown name takes as long and gets the same answer as a wrong password.
    ///
    /// - Throws: `.unauthenticated`, `.accountSuspended` (only with the right password), `.rateLimited` after ten failures in five minutes.
    package func logIn(username: String, password: String, peer: PeerInfo) async throws(RequestError) -> LogIn {
        let name = Username(username)
        // The address first: what it may not try any more is not held against a name.
        let keys = (peer.address.map { [LogInKey.address($0)] } ?? []) + (name.map { [.name($0.folded)] } ?? [])
        try await admit(keys)
        let credentials = try await credentials(name)
        let isRight = try await hasher.verify(password, against: credentials?.passwordHash)
        // Asked again: of guesses at the same time no more may be answered than of those one after the other, right ones included.
        try await admit(keys, countsAsFailure: !isRight || credentials == nil)
        guard isRight, let user = credentials?.user else {
            metrics.sessions.noteWrongPassword()
            throw RequestError(.unauthenticated, "Wrong username or password.")
        }
        if user.isSuspended { throw .suspended }
        return try await begin(user, peer: peer)
    }

    /// Ends the session that asks for it, on every instance.
    package func logOut(_ principal: Principal) async throws(RequestError) {
        try await moderation.revokeOne(principal.sessionID, of: principal.userID, by: nil)
    }

    /// Refuses where there were too many failures, here or over all instances, and otherwise counts one if told so.
    private func admit(_ keys: [LogInKey], countsAsFailure: Bool = false) async throws(RequestError) {
        var delay = ownDelay(keys, countsAsFailure: countsAsFailure)
        if delay == nil, let sharedFailures {
            delay = await countsAsFailure ? sharedFailures.noteFailure(of: keys) : sharedFailures.delay(for: keys)
        }
        guard let delay else { return }
        metrics.sessions.noteLimitedLogIn()
        throw RequestError(.rateLimited, "Too many failed log-ins; wait.", retryAfter: delay)
    }

    private func ownDelay(_ keys: [LogInKey], countsAsFailure: Bool) -> Duration? {
        let now = time.uptime()
        return throttle.withLock { throttle -> Duration? in
            if let delay = keys.compactMap({ throttle.delay(for: $0, at: now) }).max() { return delay }
            guard countsAsFailure else { return nil }
            for key in keys { throttle.noteFailure(of: key, at: now) }
            return nil
        }
    }

    private func credentials(_ name: Username?) async throws(RequestError) -> Credentials? {
        guard let name else { return nil }
        do {
            return try await store.credentials(username: name)
        } catch {
            throw RequestError(error)
        }
    }

    /// Makes a session in the epoch that was read with the credentials: a kick since then leaves it invalid.
    private func begin(_ user: User, peer: PeerInfo) async throws(RequestError) -> LogIn {
        let now = time.now()
        let session = Session(
            sessionID: ids.next(SessionID.self),
            userID: user.userID,
            authEpoch: user.authEpoch,
            createdAt: now,
            expiresAt: now.advanced(by: tokenLifetime),
            lastSeen: now,
            userAgent: peer.userAgent.map { String($0.prefix(256)) },
            address: peer.address
        )
        let claims = TokenClaims(
            userID: user.userID,
            sessionID: session.sessionID,
            role: user.role,
            issuedAt: now,
            expiresAt: session.expiresAt
        )
        do {
            let token = try await tokens.issue(claims)
            try await store.createSession(session)
            return LogIn(user: user, session: session, token: token)
        } catch let error as StoreError {
            throw RequestError(error)
        } catch {
            logger.error("token_not_issued", metadata: ["userId": "\(user.userID)"])
            throw RequestError(.internalError, "Something went wrong on this side.")
        }
    }
}
