import Actors
import NIOHTTP1
import Transport

/// Rows 23 and 24: somebody whose client speaks Socket.IO, among people whose clients don't.
struct SocketIOVerification: Sendable {
    let verification: Verification

    func run(_ list: inout Checklist) async {
        await list.check(23, "Socket.IO on A and WebSocket on B talk to each other") { try await unlessItIsOff(conversation) }
        await list.check(24, "BAN from B ends a Socket.IO client on A: session_ended") { try await unlessItIsOff(ban) }
    }

    private func unlessItIsOff(_ body: () async throws -> CheckResult) async throws -> CheckResult {
        do {
            return try await body()
        } catch let error as WebSocketConnectError where error.response?.status == 404 {
            return .skip("nothing is at /socket.io/: SOCKETIO is off, or SOCKETIO_PATH is set")
        }
    }

    private func conversation() async throws -> CheckResult {
        let carol = try await verification.register("carol\(Self.mark)", at: verification.onA)
        let dave = try await verification.register("dave\(Self.mark)", at: verification.onB)
        let channel = try await verification.makeChannel(by: carol, at: verification.onA)
        let onA = try await SocketIOClient.connect(to: verification.target.urlA, token: carol.token)
        let onB = try await LiveClient.connect(to: verification.target.urlB, token: dave.token)
        defer {
            onA.disconnect()
            onB.disconnect()
        }
        guard try await onA.ask("join_channel", .string(channel))["ok"] == true else { return .fail("join_channel was refused") }
        _ = try await onB.ask(["type": "CHANNEL_JOIN", "channelId": .string(channel)], answeredBy: "CHANNEL_JOINED")
        let there = verification.content("from socket.io")
        let answer = try await onA.ask("send_message", ["channelId": .string(channel), "content": .string(there)])
        guard answer["ok"] == true else { return .fail("send_message was answered \(answer["code"].string ?? "?")") }
        let received = try await onB.message(there)
        guard received["messageId"] == answer["message"]["messageId"] else { return .fail("another messageId was delivered on B") }
        let back = verification.content("to socket.io")
        let acked = try await onB.send(back, toChannel: channel)
        let event = try await onA.event("receive_message") { $0["content"].string == back }
        guard event["messageId"] == acked["message"]["messageId"] else { return .fail("another messageId was delivered on A") }
        return .pass("seq \(received["seq"].integer ?? 0) from A to B with an ack, seq \(event["seq"].integer ?? 0) from B to A")
    }

    private func ban() async throws -> CheckResult {
        let victim = try await verification.register("sio\(Self.mark)", at: verification.onA)
        let live = try await SocketIOClient.connect(to: verification.target.urlA, token: victim.token)
        let admin = try await verification.onB.logIn(verification.target.adminName, password: verification.target.adminPassword)
        verification.secrets.add(admin.token, as: "a token")
        let answer = try await verification.onB.with(token: admin.token)
            .call(.POST, "/api/admin/users/\(victim.userID)/ban", ["reason": "verify"])
        guard answer.status == 200 else { return .fail("the ban answered \(answer.status) \(answer.code ?? "")") }
        let ended = try await live.event("session_ended", timeout: .seconds(6))
        guard ended["code"] == "ACCOUNT_SUSPENDED" else { return .fail("session_ended said \(ended["code"].string ?? "?")") }
        let close = try await live.closed()
        guard live.hasLeft else { return .fail("no DISCONNECT came before the close \(close)") }
        do {
            let again = try await SocketIOClient.connect(to: verification.target.urlA, token: victim.token)
            again.disconnect()
            return .fail("CONNECT was answered again")
        } catch let refused as SocketIOClient.Refused {
            guard refused.code == "ACCOUNT_SUSPENDED" else { return .fail("the next CONNECT was refused with \(refused.code)") }
        }
        return .pass("session_ended ACCOUNT_SUSPENDED, DISCONNECT, close; connect_error ACCOUNT_SUSPENDED after it")
    }

    private static var mark: String { SystemRandomNumberGenerator.hexadecimal(bytes: 2) }
}
