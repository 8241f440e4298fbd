import Actors
import FoundationEssentials
import NIOHTTP1

/// Rows 16 to 19 and 22: what people do in a channel and see of each other over two instances.
struct ConversationVerification: Sendable {
    let verification: Verification

    private struct Room: Sendable {
        let cast: Verification.Cast
        let channel: String
    }

    func run(_ list: inout Checklist) async {
        let room: Room
        do {
            room = try await makeRoom()
        } catch {
            for number in [16, 17, 18, 19, 22] { list.add(number, "people meet in a channel", .fail("\(error)")) }
            return
        }
        await list.check(16, "channel message A→B") { try await channelMessage(room) }
        await list.check(17, "history and since after a leave") { try await leaveAndReturn(room) }
        await list.check(18, "presence: online on A seen on B, offline with the last socket") { try await presence(room) }
        await list.check(19, "typing, reaction, edit, read receipt A→B") { try await liveFeatures(room.cast) }
        await list.check(22, "presence keys as documented") { try await presenceKeys(room.cast) }
        room.cast.aliceOnA.disconnect()
        room.cast.bobOnB.disconnect()
    }

    private func makeRoom() async throws -> Room {
        let cast = try await verification.makeCast()
        let channel = try await verification.makeChannel(by: cast.alice, at: verification.onA)
        for client in [cast.aliceOnA, cast.bobOnB] {
            _ = try await client.ask(["type": "CHANNEL_JOIN", "channelId": .string(channel)], answeredBy: "CHANNEL_JOINED")
        }
        return Room(cast: cast, channel: channel)
    }

    private func channelMessage(_ room: Room) async throws -> CheckResult {
        let content = verification.content("channel")
        let clock = ContinuousClock()
        let start = clock.now
        let acked = try await room.cast.aliceOnA.send(content, toChannel: room.channel)
        let received = try await room.cast.bobOnB.message(content)
        guard received["channelId"].string == room.channel, received["seq"] == acked["message"]["seq"] else {
            return .fail("delivered with another channelId or seq")
        }
        return .pass("seq \(received["seq"].integer ?? 0) delivered in \((clock.now - start).milliseconds) ms")
    }

    private func leaveAndReturn(_ room: Room) async throws -> CheckResult {
        let (alice, bob) = (room.cast.aliceOnA, room.cast.bobOnB)
        let known = try await bob.ask(["type": "CHANNEL_JOIN", "channelId": .string(room.channel)], answeredBy: "CHANNEL_JOINED")
        let since = known["lastSeq"].integer ?? 0
        _ = try await bob.ask(["type": "CHANNEL_LEAVE", "channelId": .string(room.channel)], answeredBy: "ACK")
        let missed = (0..<3).map { verification.content("missed \($0)") }
        for content in missed { _ = try await alice.send(content, toChannel: room.channel) }
        let path = "/api/conversations/\(room.channel)/messages?after=\(since)"
        let refused = try await verification.onB.with(token: room.cast.bob.token).call(.GET, path)
        guard refused.status == 403 else { return .fail("history answered \(refused.status) to who has left") }
        guard missed.allSatisfy({ bob.deliveries(of: $0) == 0 }) else { return .fail("who has left was written a message") }
        _ = try await bob.ask(
            ["type": "CHANNEL_JOIN", "channelId": .string(room.channel), "since": .integer(since)],
            answeredBy: "CHANNEL_JOINED"
        )
        var seqs: [Int64] = []
        for content in missed { seqs.append(try await bob.message(content)["seq"].integer ?? 0) }
        guard seqs == [since + 1, since + 2, since + 3] else { return .fail("came as \(seqs) after \(since)") }
        let history = try await verification.onB.with(token: room.cast.bob.token).call(.GET, path)
        guard history.json["messages"].array.map(\.["content"].string) == missed else { return .fail("history shows something else") }
        return .pass("403 for who left; since \(since) brought \(seqs.map(String.init).joined(separator: ", ")); history agrees")
    }

    private func presence(_ room: Room) async throws -> CheckResult {
        let (verification, bob) = (verification, room.cast.bobOnB)
        let carol = try await verification.register("carol", at: verification.onA)
        let watch: JSONValue = ["type": "PRESENCE_WATCH", "userIds": [.string(carol.userID)]]
        let before = try await bob.ask(watch, answeredBy: "PRESENCE_STATE")
        guard before["users"].array.first?["status"] == "offline" else { return .fail("online before she came") }
        let clock = ContinuousClock()
        let first = try await LiveClient.connect(to: verification.target.urlA, token: carol.token)
        let start = clock.now
        _ = try await bob.presence(of: carol.userID, status: "online")
        let online = clock.now - start
        let second = try await LiveClient.connect(to: verification.target.urlB, token: carol.token)
        first.disconnect()
        // The other socket is still there: nothing may be told, which the merging of a second would hide.
        try await Task.sleep(for: .seconds(2))
        guard bob.count(ofPresence: carol.userID, status: "offline") == 0 else { return .fail("offline with a socket left") }
        let answer = try await verification.onA.with(token: room.cast.alice.token).call(.GET, "/api/presence?userIds=\(carol.userID)")
        guard answer.json["users"].array.first?["status"] == "online" else { return .fail("GET /api/presence disagrees") }
        second.disconnect()
        let left = clock.now
        _ = try await bob.presence(of: carol.userID, status: "offline")
        let offline = clock.now - left
        return .pass("online after \(online.milliseconds) ms, still with one of two sockets, offline after \(offline.milliseconds) ms")
    }

    private func liveFeatures(_ cast: Verification.Cast) async throws -> CheckResult {
        let (alice, bob) = (cast.aliceOnA, cast.bobOnB)
        let content = verification.content("features")
        let message = try await alice.send(content, to: cast.bob.userID, id: content)["message"]
        let (conversation, id) = (message["conversationId"], message["messageId"])
        _ = try await bob.message(content)
        try alice.send(["type": "TYPING", "conversationId": conversation, "isTyping": true])
        _ = try await bob.frame("TYPING") { $0["userId"].string == cast.alice.userID && $0["isTyping"] == true }
        let emoji = "👍"
        _ = try await alice.ask(
            ["type": "REACTION", "conversationId": conversation, "messageId": id, "emoji": .string(emoji), "op": "add"],
            answeredBy: "ACK"
        )
        _ = try await bob.frame("MESSAGE_UPDATE") {
            $0["message"]["messageId"] == id && $0["message"]["reactions"][emoji].array == [.string(cast.alice.userID)]
        }
        let edited = verification.content("edited")
        _ = try await alice.ask(
            ["type": "MESSAGE_EDIT", "conversationId": conversation, "messageId": id, "content": .string(edited)],
            answeredBy: "ACK"
        )
        _ = try await bob.frame("MESSAGE_UPDATE") { $0["message"]["messageId"] == id && $0["message"]["content"].string == edited }
        _ = try await bob.ask(["type": "READ", "conversationId": conversation, "seq": message["seq"]], answeredBy: "ACK")
        _ = try await alice.frame("READ_RECEIPT") { $0["userId"].string == cast.bob.userID && $0["seq"] == message["seq"] }
        let foreign = try await bob.ask(
            ["type": "MESSAGE_EDIT", "conversationId": conversation, "messageId": id, "content": "x"],
            answeredBy: "ERROR"
        )
        guard foreign["code"] == "FORBIDDEN" else { return .fail("editing another's message answered \(foreign["code"].string ?? "?")") }
        return .pass("all four crossed; editing another's message is FORBIDDEN")
    }

    private func presenceKeys(_ cast: Verification.Cast) async throws -> CheckResult {
        guard let redis = verification.target.redis else { return .skip("Redis can't be asked: set REDIS_URL") }
        let id = cast.alice.userID
        let online = try await redis(["SMEMBERS", "online_users"])
        guard online.contains(id) else { return .fail("online_users doesn't hold who is online") }
        let presence = try JSONValue(parsing: Data(try await redis(["GET", "user_presence:\(id)"]).utf8))
        guard presence["userId"].string == id, presence["username"].string == cast.alice.username, presence["status"] == "online",
            presence["lastSeen"].string != nil, let instance = presence["instanceId"].string
        else { return .fail("user_presence lacks a field") }
        let sockets = try await redis(["SMEMBERS", "user_sockets:\(id)"]).split(separator: "\n")
        guard sockets.count == 1, sockets[0].hasPrefix("\(instance)/") else { return .fail("user_sockets holds \(sockets.count) members") }
        guard try await redis(["SMEMBERS", "instance_users:\(instance)"]).contains(id) else {
            return .fail("instance_users lacks the user")
        }
        let lifetime = Int(try await redis(["TTL", "instance:\(instance)"])) ?? -1
        guard (1...15).contains(lifetime) else { return .fail("the lease lives for \(lifetime) s") }
        guard try await redis(["SMEMBERS", "instances"]).contains(instance) else { return .fail("instances lacks the instance") }
        return .pass("online_users, user_presence, user_sockets, instance_users, instances; lease \(lifetime) s")
    }
}

extension Verification {
    /// Makes a channel of this run's own.
    ///
    /// - Returns: its `channelId`.
    func makeChannel(by account: APIClient.Account, at client: APIClient) async throws -> String {
        let name = "v-\(mark)-\(SystemRandomNumberGenerator.hexadecimal(bytes: 3))"
        let answer = try await client.with(token: account.token).call(.POST, "/api/channels", ["name": .string(name)])
        guard answer.status == 201, let channel = answer.json["channelId"].string else {
            throw APIClient.Failure(description: "POST /api/channels answered \(answer.status) \(answer.code ?? "")")
        }
        return channel
    }
}

extension LiveClient {
    /// Sends a frame and waits for the frame that answers it.
    ///
    /// - Throws: where something else answers.
    func ask(_ frame: JSONValue, answeredBy type: String) async throws -> JSONValue {
        let ref = SystemRandomNumberGenerator.hexadecimal(bytes: 8)
        try send(frame.adding("ref", .string(ref)))
        let answer = try await within(.seconds(5), "the answer to \(frame["type"].string ?? "")") { [self] in
            try await first { $0["ref"].string == ref }
        }
        guard answer["type"].string == type else {
            throw APIClient.Failure(
                description: "\(frame["type"].string ?? "") was answered by \(answer["type"].string ?? "?") \(answer["code"].string ?? "")"
            )
        }
        return answer
    }

    /// Sends a channel message and waits for its `ACK`; the content is the key of idempotency too.
    func send(_ content: String, toChannel channel: String) async throws -> JSONValue {
        try await ask(
            [
                "type": "MESSAGE_SEND", "clientMessageId": .string(content), "channelId": .string(channel), "content": .string(content),
            ],
            answeredBy: "ACK"
        )
    }

    /// Waits until somebody's presence is told.
    func presence(of userID: String, status: String, timeout: Duration = .seconds(5)) async throws -> JSONValue {
        try await frame("PRESENCE", timeout: timeout) { $0["userId"].string == userID && $0["status"].string == status }
    }

    func count(ofPresence userID: String, status: String) -> Int {
        frames.count { $0["type"] == "PRESENCE" && $0["userId"].string == userID && $0["status"].string == status }
    }
}
