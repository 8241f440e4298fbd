import Actors
import NIOCore
import Testing

@testable import Transport

@Suite("Events of Socket.IO are the client protocol's frames under other names")
struct SocketIOEventTests {
    private static let one = "01890000-0000-7000-8000-000000000001"

    private func decode(_ event: String, ref: String? = "1") throws -> ClientFrame {
        SocketIOCommand.decode(try SocketIOJSON.event(ByteBuffer(string: event)), ref: ref) { "made" }
    }

    private func command(_ event: String) throws -> Command {
        try decode(event).command.get()
    }

    private func text(_ frame: ByteBuffer) -> String {
        String(buffer: ServerFraming.payload(of: frame))
    }

    @Test("Each event of a client")
    func commands() throws {
        let room = try #require(ChannelName("general"))
        let conversation = ConversationID.channel(room)
        let user = try #require(UserID(Self.one))
        let message = try #require(MessageID(Self.one))
        let made = try #require(ClientMessageID("made"))
        let own = try #require(ClientMessageID("own"))
        for event in [#"["join_channel","general"]"#, #"["join_channel","ch:general"]"#, #"["join_channel",{"channelId":"general"}]"#] {
            #expect(try command(event) == .conversation(.join(room, since: nil)))
        }
        #expect(try command(#"["join_channel",{"channelId":"ch:general","since":4}]"#) == .conversation(.join(room, since: 4)))
        #expect(try command(#"["leave_channel","general"]"#) == .conversation(.leave(room)))
        #expect(
            try command(#"["send_message",{"channelId":"general","content":"hi"}]"#)
                == .send(SendCommand(clientMessageID: made, content: "hi", destination: .channel(room)))
        )
        #expect(
            try command(#"["send_message",{"recipientId":"\#(Self.one)","content":"hi","clientMessageId":"own"}]"#)
                == .send(SendCommand(clientMessageID: own, content: "hi", destination: .user(user)))
        )
        #expect(try command(#"["typing",{"conversationId":"ch:general","isTyping":true}]"#) == .typing(conversation, isTyping: true))
        #expect(try command(#"["read",{"conversationId":"ch:general","seq":3}]"#) == .conversation(.read(conversation, upTo: 3)))
        let place = #""conversationId":"ch:general","messageId":"\#(Self.one)""#
        #expect(
            try command(#"["reaction",{\#(place),"emoji":"👍","op":"add"}]"#)
                == .conversation(.react(message, in: conversation, emoji: "👍", adds: true))
        )
        #expect(
            try command(#"["edit_message",{\#(place),"content":"x"}]"#) == .conversation(.edit(message, in: conversation, content: "x"))
        )
        #expect(try command(#"["delete_message",{\#(place)}]"#) == .conversation(.delete(message, in: conversation)))
        #expect(try command(#"["set_presence",{"status":"away"}]"#) == .presence(.set(.away)))
        #expect(try command(#"["watch_presence",{"userIds":["\#(Self.one)"]}]"#) == .presence(.watch([user])))
        #expect(try command(#"["unwatch_presence",{"userIds":[]}]"#) == .presence(.unwatch([])))
        let sync = SyncCommand(cursors: [conversation: 2], stamp: Stamp(9), hasMore: false)
        #expect(try command(#"["sync",{"cursors":{"ch:general":2},"stamp":"9"}]"#) == .sync(sync))
    }

    @Test("A token or a type in the argument changes nothing, and what is wrong keeps the acknowledgement's id")
    func refusals() throws {
        #expect(try decode(#"["read",{"type":"AUTH","token":"x","ref":"y"}]"#, ref: "17").ref == "17")
        for event in [#"["nothing"]"#, #"["AUTH",{"token":"x"}]"#, #"["MESSAGE_SEND",{}]"#, #"[7]"#] {
            guard case .failure(let error) = try decode(event).command else {
                Issue.record("\(event) was taken")
                continue
            }
            #expect(error.code == .unknownType)
        }
        for event in [
            #"["send_message"]"#, #"["send_message",[]]"#, #"["join_channel"]"#, #"["join_channel",7]"#,
            #"["join_channel",{"channelId":7}]"#,
        ] {
            guard case .failure(let error) = try decode(event).command else {
                Issue.record("\(event) was taken")
                continue
            }
            #expect(error.code == .badRequest)
        }
    }

    @Test("Of a sync that is refused it is known whether more of it follows")
    func partsOfASync() throws {
        #expect(try decode(#"["sync",{"cursors":{"bad":1},"more":true}]"#).syncHasMore == true)
        #expect(try decode(#"["sync",{"cursors":{"bad":1}}]"#).syncHasMore == false)
        #expect(try decode(#"["sync",7]"#).syncHasMore == false)
        #expect(try decode(#"["sync",{"cursors":{"ch:general":1},"more":true}]"#).syncHasMore == true)
        #expect(try decode(#"["read",{"more":true}]"#).syncHasMore == nil)
    }

    @Test("Each event of the server")
    func events() throws {
        let user = try #require(UserID(Self.one))
        let room = ConversationID.channel(try #require(ChannelName("general")))
        let seen = Timestamp(milliseconds: 0)
        let time = "1970-01-01T00:00:00.000Z"
        func frame(_ event: Event) -> String { text(SocketIOEventEncoder.frame(event)) }
        #expect(
            frame(.typing(room, user, isTyping: true))
                == #"42["typing",{"conversationId":"ch:general","userId":"\#(Self.one)","isTyping":true}]"#
        )
        for (status, name) in [
            (PresenceStatus.online, "user:online"), (.offline, "user:offline"), (.away, "user:status"), (.busy, "user:status"),
        ] {
            #expect(
                frame(.presence(UserPresence(userID: user, username: "ann", status: status, lastSeen: seen)))
                    == #"42["\#(name)",{"userId":"\#(Self.one)","username":"ann","status":"\#(status.rawValue)","timestamp":"\#(time)"}]"#
            )
        }
        #expect(frame(.error(ref: nil, RequestError(.notFound, "No."))) == #"42["error_event",{"code":"NOT_FOUND","message":"No."}]"#)
        #expect(frame(.goAway(reason: "drain", reconnectAfter: .seconds(2))) == #"42["goaway",{"reason":"drain","reconnectAfterMs":2000}]"#)
        #expect(frame(.clusterStatus(isDegraded: true)) == #"42["cluster_status",{"degraded":true}]"#)
        #expect(frame(.presenceState(ref: nil, [])) == #"42["presence_state",{"users":[]}]"#)
        #expect(text(SocketIOEventEncoder.sessionEnded(code: "A", reason: "B")) == #"42["session_ended",{"code":"A","reason":"B"}]"#)
        let offset = SyncOffset(userID: user, stamp: Stamp(7))
        #expect(text(SocketIOEventEncoder.offset(offset)) == #"42["sync_offset","1!\#(Self.one)!7!"]"#)
    }

    @Test("Acknowledgements say whether it went well")
    func acknowledgements() {
        let done = SocketIOEventEncoder.acknowledgement(.ack(ref: "7", message: nil, isDuplicate: false), id: "7")
        #expect(text(done) == #"437[{"ok":true}]"#)
        let refused = SocketIOEventEncoder.acknowledgement(.error(ref: "7", RequestError(.conflict, "No.")), id: "7")
        #expect(text(refused) == #"437[{"ok":false,"code":"CONFLICT","message":"No."}]"#)
    }

    @Test("A shared event is encoded once for all clients of Socket.IO, and once for all others")
    func shared() {
        let event = SharedEvent(.clusterStatus(isDegraded: false))
        let first = SocketIOEventEncoder.frame(event)
        let second = SocketIOEventEncoder.frame(event)
        let address = { (frame: ByteBuffer) in frame.withUnsafeReadableBytes { $0.baseAddress } }
        #expect(address(first) == address(second))
        #expect(text(first) != text(ServerFraming.frame(event)))
    }

    @Test("What comes with CONNECT: the token there wins over the request's, and an offset without an id is none")
    func joining() {
        let handshake = EngineIOHandshake(peer: PeerInfo(userAgent: nil, address: nil), token: "request")
        func read(_ json: String) -> SocketIOJoining { SocketIOJoining(ByteBuffer(string: json), handshake: handshake) }
        #expect(read("").token == "request")
        #expect(read("{}").token == "request")
        #expect(read(#"{"token":7}"#).token == "request")
        #expect(read(#"{"a":[{}],"token":"own"}"#).token == "own")
        #expect(read(#"{"token":"Bearer own"}"#).token == "own")
        let offset = "1!\(Self.one)!7!"
        #expect(read(#"{"offset":"\#(offset)"}"#).recovery == nil)
        #expect(read(#"{"pid":"p","offset":"x"}"#).recovery == nil)
        #expect(read(#"{"pid":"p","offset":"\#(offset)"}"#).recovery?.id == "p")
    }
}
