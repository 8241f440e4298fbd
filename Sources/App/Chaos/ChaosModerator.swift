import Actors
import NIOHTTP1

/// The admin who bans and revokes while things fail, and looks whether it was heeded.
final class ChaosModerator: Sendable {
    /// How long it looks; then a ban is lifted.
    private static let watch = Duration.seconds(12)
    /// After this an order whose answer was lost can't be carried out any more: nothing is frozen or stalled for longer.
    private static let lateEffect = Duration.seconds(20)

    private let admin: APIClient
    private let instances: [ChaosInstance]
    private let clients: [ChaosClient]
    private let clock: RunClock
    private let state = Locked(State())

    private struct State {
        var kicks: [KickRecord] = []
        var busy: Set<Int> = []
    }

    /// - Parameter admin: logged in.
    init(admin: APIClient, instances: [ChaosInstance], clients: [ChaosClient], clock: RunClock) {
        self.admin = admin
        self.instances = instances
        self.clients = clients
        self.clock = clock
    }

    var kicks: [KickRecord] { state.withLock { $0.kicks } }

    /// Kicks somebody, watches for a while, and lifts a ban again.
    func kick(_ action: KickRecord.Action) async {
        let candidate = state.withLock { state -> ChaosClient? in
            let free = clients.filter { !state.busy.contains($0.number) && $0.isSynced }
            guard let client = free.randomElement() else { return nil }
            state.busy.insert(client.number)
            return client
        }
        guard let client = candidate else { return }
        defer { state.withLock { _ = $0.busy.remove(client.number) } }
        guard let logIn = client.logIn else { return }
        client.setWatched(true)
        let place = await order(action, client, logIn)
        let watchUntil = clock.now + Self.watch
        while clock.now < watchUntil, !Task.isCancelled {
            await probe(client, logIn)
            try? await Task.sleep(for: .milliseconds(250))
        }
        client.setWatched(false)
        guard action == .ban else { return }
        state.withLock { $0.kicks[place].liftedAt = clock.now }
        _ = await insist(.POST, "/api/admin/users/\(client.userID)/unban", [:])
    }

    /// - Returns: the place of its record.
    private func order(_ action: KickRecord.Action, _ client: ChaosClient, _ logIn: ClientState.LogIn) async -> Int {
        let requestedAt = clock.now
        let (instance, answeredAt, attempts) =
            switch action {
            case .ban: await insist(.POST, "/api/admin/users/\(client.userID)/ban", ["reason": "chaos"])
            case .revokeAll: await insist(.POST, "/api/admin/users/\(client.userID)/revoke-sessions", [:])
            case .revokeOne: await insist(.DELETE, "/api/admin/users/\(client.userID)/sessions/\(logIn.sessionID)", nil)
            }
        return state.withLock { state in
            let record = KickRecord(
                action: action,
                client: client.number,
                sessionID: logIn.sessionID,
                requestedAt: requestedAt,
                answeredAt: answeredAt,
                instance: instance,
                effectiveUntil: attempts > 1 ? answeredAt + Self.lateEffect : answeredAt
            )
            state.kicks.append(record)
            return state.kicks.count - 1
        }
    }

    /// Asks one instance after the other until one has done it.
    private func insist(_ method: HTTPMethod, _ path: String, _ body: JSONValue?) async -> (instance: Int, at: Duration, attempts: Int) {
        var attempts = 0
        while true {
            let instance = Int.random(in: 0..<instances.count)
            let api = admin.at(instances[instance].url)
            attempts += 1
            let answer = try? await within(.seconds(8), "the answer") { try await api.call(method, path, body) }
            if let answer, answer.status < 300 { return (instance, clock.now, attempts) }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Tries what the kicked session may no longer do.
    private func probe(_ client: ChaosClient, _ logIn: ClientState.LogIn) async {
        let instance = Int.random(in: 0..<instances.count)
        let api = admin.at(instances[instance].url).with(token: logIn.token)
        let askedAt = clock.now
        let answer = try? await within(.seconds(3), "the answer") { try await api.call(.GET, "/api/me") }
        if answer?.status == 200 {
            client.noteAdmitted(AdmittedRequest(sessionID: logIn.sessionID, instance: instance, askedAt: askedAt))
        }
        let upgradedAt = clock.now
        guard let live = try? await within(.seconds(3), "a connection", { try await LiveClient.connect(to: api.base, token: logIn.token) })
        else { return }
        live.disconnect()
        client.noteAdmitted(AdmittedRequest(sessionID: logIn.sessionID, instance: instance, askedAt: upgradedAt))
    }
}
