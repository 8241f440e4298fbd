import LocalCluster
import NIOHTTP1
import Testing
import Transport

@testable import App

@Suite("A connection says whose it is before anything else", .cluster(["LOG_LEVEL": "info"]), .timeLimit(.minutes(1)))
struct FirstFrameTests {
    @Test("AUTH as the first frame brings WELCOME")
    func first() async throws {
        let cluster = try RunningCluster.current
        let person = try await cluster.visitor.person()
        let wire = try await Wire.connect(to: cluster.urlB)
        try wire.send(["type": "AUTH", "token": .string(person.token)])
        let welcome = try await wire.frame("WELCOME")
        #expect(
            welcome.fields
                == [
                    "type", "sessionId", "userId", "username", "role", "instanceId", "heartbeatMs", "maxFrameBytes", "serverTime", "stamp",
                ]
        )
        #expect(welcome["userId"].string == person.id)
        #expect(welcome["sessionId"].string == person.account.sessionID)
        #expect(welcome["instanceId"] == "B")
        #expect(welcome["heartbeatMs"] == 25_000)
        #expect(welcome["maxFrameBytes"] == 65_536)
        try wire.post("hello", id: "k", to: person.id)
        try await wire.frame("ACK")
        wire.connection.disconnect()
    }

    @Test("Sub-protocol and cookie bring it too; the server answers with switchboard.v1 alone")
    func otherWays() async throws {
        let cluster = try RunningCluster.current
        let person = try await cluster.visitor.person()
        let wire = try await Wire.connect(to: cluster.urlA, subprotocols: ["switchboard.v1", "bearer.\(person.token)"])
        try await wire.frame("WELCOME")
        #expect(wire.connection.subprotocol == "switchboard.v1")
        let withCookie = try await Wire.connect(to: cluster.urlA, headers: [("Cookie", "a=b; token=\(person.token)")])
        try await withCookie.frame("WELCOME")
        #expect(withCookie.connection.subprotocol == nil)
        for each in [wire, withCookie] { each.connection.disconnect() }
    }

    @Test(
        "Anything else as the first frame ends it with 4001",
        arguments: [
            #"{"type":"PING","ref":"r"}"#,
            #"{"type":"MESSAGE_SEND","recipientId":"01890000-0000-7000-8000-000000000000","content":"x","clientMessageId":"k"}"#,
            #"{"type":"AUTH","token":"garbage"}"#,
        ]
    )
    func wrong(frame: String) async throws {
        let cluster = try RunningCluster.current
        let wire = try await Wire.connect(to: cluster.urlA)
        wire.connection.send(text: frame)
        let close = try await wire.closed()
        #expect(close.code == 4001)
        #expect(close.reason == "UNAUTHENTICATED")
        #expect(wire.frames("ERROR").first?["code"] == "UNAUTHENTICATED")
        #expect(wire.frames("WELCOME").isEmpty)
    }

    @Test("An expired token ends it with 4001, a suspended account with 4003, and both say so first")
    func refused() async throws {
        let cluster = try RunningCluster.current
        let person = try await cluster.visitor.person()
        let expired = try await Wire.connect(to: cluster.urlA)
        try expired.send(["type": "AUTH", "token": .string(try await TokenForge.token(for: person.account, expiresIn: .seconds(-5)))])
        let close = try await expired.closed()
        #expect(close.code == 4001)
        #expect(close.reason == "TOKEN_EXPIRED")
        #expect(expired.frames("ERROR").map { $0["code"] } == ["TOKEN_EXPIRED"])
        #expect(try await cluster.admin().call(.POST, "/api/admin/users/\(person.id)/ban").status == 200)
        let suspended = try await Wire.connect(to: cluster.urlA)
        try suspended.send(["type": "AUTH", "token": .string(person.token)])
        #expect(try await suspended.closed().code == 4003)
        #expect(suspended.frames("ERROR").map { $0["code"] } == ["ACCOUNT_SUSPENDED"])
        let upgrade = try await Wire.refusal(at: cluster.urlB, token: person.token)
        #expect(upgrade.status == 403)
        #expect(upgrade.code == "ACCOUNT_SUSPENDED")
    }

    @Test("A bad token in a header, a cookie or a sub-protocol is refused before the upgrade")
    func badToken() async throws {
        let cluster = try RunningCluster.current
        let person = try await cluster.visitor.person()
        for token in ["garbage", TokenForge.unsigned(person.token), TokenForge.altered(person.token)] {
            for base in [cluster.urlA, cluster.urlB] {
                #expect(try await Wire.refusal(at: base, token: token).status == 401)
                #expect(try await Wire.refusal(at: base, headers: [("Cookie", "token=\(token)")]).status == 401)
                #expect(try await Wire.refusal(at: base, subprotocols: ["switchboard.v1", "bearer.\(token)"]).status == 401)
            }
        }
    }
}
