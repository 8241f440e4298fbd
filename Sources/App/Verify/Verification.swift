import Actors
import AsyncHTTPClient
import NIOHTTP1
import Transport

/// Two instances of one cluster, looked at from outside: what `switchboard verify` proves.
struct Verification: Sendable {
    /// Where the instances are, and what may be read of them.
    struct Target: Sendable {
        let urlA: String
        let urlB: String
        let adminName: String
        let adminPassword: String
        /// The lines that an instance has logged so far; nil where they can't be read.
        let logA: (@Sendable () throws -> [String])?
        let logB: (@Sendable () throws -> [String])?
        /// Asks the cluster's Redis one command; nil where it isn't known.
        let redis: (@Sendable ([String]) async throws -> String)?
    }

    /// The people of a run. Their names are new each time, so that a run leaves others alone.
    struct Cast: Sendable {
        let alice: APIClient.Account
        let bob: APIClient.Account
        let aliceOnA: LiveClient
        let bobOnB: LiveClient
        let admin: APIClient
    }

    let target: Target
    let http: HTTPClient
    /// In the names of people and the contents of messages of this run.
    let mark = SystemRandomNumberGenerator.hexadecimal(bytes: 5)
    let password = SystemRandomNumberGenerator.hexadecimal(bytes: 12)
    let secrets = SecretLedger()

    var onA: APIClient { APIClient(http: http, base: target.urlA) }
    var onB: APIClient { APIClient(http: http, base: target.urlB) }

    /// A content that no other message has; the ledger remembers it.
    func content(_ text: String) -> String {
        let content = "\(text) \(mark) \(SystemRandomNumberGenerator.hexadecimal(bytes: 4))"
        secrets.add(content, as: "a message's content")
        return content
    }

    func register(_ name: String, at client: APIClient) async throws -> APIClient.Account {
        let account = try await client.register("v-\(mark)-\(name)", password: password)
        secrets.add(account.token, as: "a token")
        return account
    }

    func logIn(_ account: APIClient.Account, at client: APIClient) async throws -> APIClient.Account {
        let account = try await client.logIn(account.username, password: password)
        secrets.add(account.token, as: "a token")
        return account
    }

    /// Registers people, logs the admin in and connects one person to each instance.
    func makeCast() async throws -> Cast {
        secrets.add(password, as: "a password")
        secrets.add(target.adminPassword, as: "a password")
        let admin = try await onA.logIn(target.adminName, password: target.adminPassword)
        secrets.add(admin.token, as: "a token")
        let alice = try await register("alice", at: onA)
        let bob = try await register("bob", at: onB)
        return Cast(
            alice: alice,
            bob: bob,
            aliceOnA: try await LiveClient.connect(to: target.urlA, token: alice.token),
            bobOnB: try await LiveClient.connect(to: target.urlB, token: bob.token),
            admin: onA.with(token: admin.token)
        )
    }

    /// Rows 1 to 11.
    func run(_ list: inout Checklist) async {
        await list.check(1, "Redis connected and subscribed on both") { try await busOnBoth() }
        let cast: Cast
        do {
            cast = try await makeCast()
        } catch {
            for number in 2...11 { list.add(number, "people log in and connect", .fail("\(error)")) }
            return
        }
        await list.check(2, "DM A→B by WebSocket") { try await message(from: cast.aliceOnA, to: cast.bobOnB, at: cast.bob.userID) }
        await list.check(3, "DM B→A by WebSocket") { try await message(from: cast.bobOnB, to: cast.aliceOnA, at: cast.alice.userID) }
        await list.check(4, "DM by HTTP both ways") { try await messagesByHTTP(cast) }
        await list.check(5, "ACK carries messageId and seq") { try await acknowledgement(cast) }
        await list.check(6, "same clientMessageId twice is one message") { try await sameMessageTwice(cast) }
        await list.check(7, "BAN from A closes on B: ERROR, 4003, log-in refused") {
            try await ban(cast, orderedAt: cast.admin, victimAt: onB)
        }
        await list.check(8, "BAN from B closes on A: ERROR, 4003, log-in refused") {
            try await ban(cast, orderedAt: cast.admin.at(target.urlB), victimAt: onA)
        }
        await list.check(9, "REVOKE_ALL closes 1000 Removed") { try await revokeAll(cast) }
        await list.check(10, "REVOKE_ONE closes that session alone") { try await revokeOne(cast) }
        await list.check(11, "self-origin ignored on A") { try await selfOrigin(cast) }
        cast.aliceOnA.disconnect()
        cast.bobOnB.disconnect()
    }
}

extension Verification {
    private func busOnBoth() async throws -> CheckResult {
        for client in [onA, onB] {
            let answer = try await client.call(.GET, "/readyz")
            guard answer.status == 200, answer.json["checks"]["bus"] == "ok" else {
                return .fail("\(client.base)/readyz: \(answer.status), bus \(answer.json["checks"]["bus"].string ?? "?")")
            }
        }
        return .pass("/readyz of both: bus ok, its probe comes back over the subscription")
    }

    private func message(from sender: LiveClient, to receiver: LiveClient, at userID: String) async throws -> CheckResult {
        let content = content("across")
        let clock = ContinuousClock()
        let start = clock.now
        let acked = try await sender.send(content, to: userID, id: content)
        let received = try await receiver.message(content)
        guard received["messageId"] == acked["message"]["messageId"] else { return .fail("another messageId was delivered") }
        return .pass("message \(received["messageId"].string ?? "") delivered in \((clock.now - start).milliseconds) ms")
    }

    private func messagesByHTTP(_ cast: Cast) async throws -> CheckResult {
        var ids: [String] = []
        for (client, from, to, receiver) in [
            (onA, cast.alice, cast.bob, cast.bobOnB), (onB, cast.bob, cast.alice, cast.aliceOnA),
        ] {
            let content = content("http")
            let body: JSONValue = ["recipientId": .string(to.userID), "content": .string(content), "clientMessageId": .string(content)]
            let answer = try await client.with(token: from.token).call(.POST, "/api/messages", body)
            guard answer.status == 201 else { return .fail("POST /api/messages answered \(answer.status) \(answer.code ?? "")") }
            let received = try await receiver.message(content)
            guard received["messageId"] == answer.json["message"]["messageId"] else { return .fail("another messageId was delivered") }
            ids.append("seq \(received["seq"].integer ?? 0)")
        }
        return .pass("201 and delivered: \(ids.joined(separator: ", "))")
    }

    private func acknowledgement(_ cast: Cast) async throws -> CheckResult {
        let content = content("ack")
        let message = try await cast.aliceOnA.send(content, to: cast.bob.userID, id: content)["message"]
        guard let id = message["messageId"].string, id.count == 36, let seq = message["seq"].integer, seq >= 1 else {
            return .fail("messageId or seq is missing")
        }
        return .pass("messageId \(id), seq \(seq)")
    }

    private func sameMessageTwice(_ cast: Cast) async throws -> CheckResult {
        let content = content("twice")
        let first = try await cast.aliceOnA.send(content, to: cast.bob.userID, id: content)
        let body: JSONValue = [
            "recipientId": .string(cast.bob.userID), "content": .string(content), "clientMessageId": .string(content),
        ]
        let second = try await onB.with(token: cast.alice.token).call(.POST, "/api/messages", body)
        guard second.status == 200, second.json["duplicate"] == true, second.json["message"]["messageId"] == first["message"]["messageId"]
        else { return .fail("the second try answered \(second.status)") }
        // What is sent after it comes after it: then a second delivery would have come.
        let last = self.content("after")
        _ = try await cast.aliceOnA.send(last, to: cast.bob.userID, id: last)
        _ = try await cast.bobOnB.message(last)
        let count = cast.bobOnB.deliveries(of: content)
        guard count == 1 else { return .fail("delivered \(count) times") }
        return .pass("one messageId on A and B, delivered once, duplicate: true")
    }

    private func ban(_ cast: Cast, orderedAt admin: APIClient, victimAt client: APIClient) async throws -> CheckResult {
        let victim = try await register("ban\(SystemRandomNumberGenerator.hexadecimal(bytes: 2))", at: client)
        let live = try await LiveClient.connect(to: client.base, token: victim.token)
        let clock = ContinuousClock()
        let start = clock.now
        let answer = try await admin.call(.POST, "/api/admin/users/\(victim.userID)/ban", ["reason": "verify"])
        guard answer.status == 200 else { return .fail("the ban answered \(answer.status) \(answer.code ?? "")") }
        let close = try await live.closed()
        let delay = clock.now - start
        guard live.errorCodes.last == "ACCOUNT_SUSPENDED" else { return .fail("no ERROR ACCOUNT_SUSPENDED before the close") }
        guard close.code == 4003 else { return .fail("closed with \(close.code.map(String.init) ?? "no code")") }
        let logIn = try await client.call(
            .POST,
            "/api/auth/login",
            ["username": .string(victim.username), "password": .string(password)]
        )
        guard logIn.status == 403, logIn.code == "ACCOUNT_SUSPENDED" else { return .fail("log-in answered \(logIn.status)") }
        let me = try await client.with(token: victim.token).call(.GET, "/api/me")
        guard me.status == 403 else { return .fail("/api/me answered \(me.status)") }
        do {
            let again = try await LiveClient.connect(to: client.base, token: victim.token)
            again.disconnect()
            return .fail("the upgrade was let in")
        } catch let error as WebSocketConnectError {
            guard error.response?.status == 403 else { return .fail("the upgrade answered \(error)") }
        }
        return .pass("ERROR ACCOUNT_SUSPENDED, 4003 after \(delay.milliseconds) ms; log-in, HTTP and upgrade 403")
    }

    private func revokeAll(_ cast: Cast) async throws -> CheckResult {
        let victim = try await register("all", at: onB)
        let live = try await LiveClient.connect(to: target.urlB, token: victim.token)
        let answer = try await cast.admin.call(.POST, "/api/admin/users/\(victim.userID)/revoke-sessions", [:])
        guard answer.status == 200, answer.json["revoked"].integer == 1 else { return .fail("answered \(answer.status)") }
        let close = try await live.closed()
        guard close.code == 1000, close.reason == "Removed" else { return .fail("closed with \(close)") }
        let me = try await onB.with(token: victim.token).call(.GET, "/api/me")
        guard me.status == 401 else { return .fail("/api/me answered \(me.status) with the old token") }
        let again = try await logIn(victim, at: onB)
        let back = try await LiveClient.connect(to: target.urlB, token: again.token)
        back.disconnect()
        return .pass("1000 Removed; old token 401; a new log-in works")
    }

    private func revokeOne(_ cast: Cast) async throws -> CheckResult {
        let first = try await register("one", at: onB)
        let second = try await logIn(first, at: onB)
        let ended = try await LiveClient.connect(to: target.urlB, token: first.token)
        let kept = try await LiveClient.connect(to: target.urlB, token: second.token)
        let path = "/api/admin/users/\(first.userID)/sessions/\(first.sessionID)"
        let answer = try await cast.admin.call(.DELETE, path)
        guard answer.status == 204 else { return .fail("answered \(answer.status) \(answer.code ?? "")") }
        let close = try await ended.closed()
        guard close.code == 1000, close.reason == "Session revoked" else { return .fail("closed with \(close)") }
        guard await kept.isAlive() else { return .fail("the other session was closed too") }
        kept.disconnect()
        return .pass("1000 Session revoked; the other session answers")
    }

    private func selfOrigin(_ cast: Cast) async throws -> CheckResult {
        guard let log = target.logA else { return .skip("the log of A can't be read: give --log-a") }
        let content = content("own")
        _ = try await cast.aliceOnA.send(content, to: cast.bob.userID, id: content)
        _ = try await cast.bobOnB.message(content)
        let ignored = try await poll {
            try log().count { $0.contains("chat_message_self_origin_ignored") }
        } until: {
            $0 > 0
        }
        guard ignored > 0 else { return .fail("no chat_message_self_origin_ignored in the log of A; it needs LOG_LEVEL=debug") }
        return .pass("\(ignored) × chat_message_self_origin_ignored in the log of A")
    }

    /// Row 15: searches everything that was logged for what a run knows to be secret.
    func silence(_ logs: [[String]]) -> CheckResult {
        let lines = logs.joined()
        guard !lines.isEmpty else { return .fail("nothing was logged") }
        for line in lines {
            if let found = secrets.name(ofSecretIn: line) { return .fail("a log line holds \(found)") }
        }
        return .pass("\(lines.count) lines searched for \(secrets.count) contents, tokens and passwords")
    }
}

/// Asks again, for at most two seconds, until the answer satisfies the condition; gives the last answer.
private func poll<Value>(_ ask: () throws -> Value, until isMet: (Value) -> Bool) async throws -> Value {
    for _ in 0..<40 {
        let value = try ask()
        if isMet(value) { return value }
        try await Task.sleep(for: .milliseconds(50))
    }
    return try ask()
}
