import Actors
import NIOCore
import NIOEmbedded
import Testing

@testable import Transport

@Suite("A session of Socket.IO writes what belongs to the connection, in its order")
struct SocketIOSessionTests {
    private static let room = "ch:room"

    private func withClient(_ fixture: SocketIOFixture = SocketIOFixture(), _ body: (SocketIOFixture) throws -> Void) rethrows {
        defer { fixture.end() }
        try body(fixture)
    }

    private func message(_ seq: Int64, by sender: UserID = testPrincipal.userID) throws -> Message {
        Sample.message(in: try #require(ConversationID(Self.room)), from: sender, seq: seq)
    }

    private func delivery(_ message: Message, isReplayed: Bool = false) -> SharedEvent {
        SharedEvent(.messageReceived(message, showsClientMessageID: true, isReplayed: isReplayed))
    }

    private func offset(_ seq: Int64) throws -> SyncOffset {
        SyncOffset(userID: testPrincipal.userID, stamp: Stamp(7), cursors: [try #require(ConversationID(Self.room)): seq])
    }

    /// The numbers of the messages among packets.
    private func seqs(_ packets: [String]) -> [Int64] {
        packets.filter { $0.hasPrefix(#"42["receive_message""#) }.compactMap { packet in
            packet.split(separator: #""seq":"#).last.flatMap { Int64($0.prefix { $0.isNumber }) }
        }
    }

    private func sent(_ packets: some Collection<String>, _ events: String...) -> Bool {
        packets.count == events.count && zip(packets, events).allSatisfy { $0.hasPrefix(#"42["\#($1)""#) }
    }

    @Test("A ban while missed messages are brought leaves nothing of them, and closes", arguments: [EndReason.suspended, .revoked])
    func banWhileRecovering(reason: EndReason) throws {
        try withClient { client in
            client.connect(from: try offset(1))
            #expect(client.frames.map(\.ref) == [nil, SocketIOSession.recoveryRef])
            for seq in 2...51 { #expect(client.socket.send(delivery(try message(Int64(seq)))) == .accepted) }
            #expect(client.connection.waitingBytes > 0)
            client.socket.close(reason, after: .error(ref: nil, RequestError(reason)))
            #expect(client.socket.send(delivery(try message(52))) == .skipped)
            let packets = client.get()
            #expect(packets.count == 2)
            #expect(packets.first?.hasPrefix(#"44{"message":"\#(RequestError(reason).code.rawValue)""#) == true)
            #expect(packets.last == "1")
            #expect(client.get().isEmpty)
        }
    }

    @Test("A refused CONNECT leaves the connection open for another")
    func refusedConnect() {
        withClient { client in
            _ = client.post(#"40{"token":"token"}"#)
            client.socket.close(.unauthenticated, after: .error(ref: nil, RequestError(.unauthenticated, "No.")))
            let packets = client.get()
            #expect(packets.count == 1)
            #expect(packets.first?.hasPrefix("44") == true)
            #expect(client.post("40{}") == nil)
        }
    }

    @Test("Nothing is written before an end that lets the client come again, as its library would tell it after the next CONNECT")
    func storeAwayAtConnect() throws {
        let error = Event.error(ref: nil, RequestError(.storeUnavailable, "Later."))
        withClient { client in
            _ = client.post(#"40{"token":"token"}"#)
            client.socket.close(.internalError, after: error)
            #expect(client.get() == ["1"])
        }
        try withClient { client in
            client.connect(from: try offset(1))
            client.socket.close(.internalError, after: error)
            #expect(client.get() == ["1"])
        }
        withClient { client in
            client.join()
            client.socket.close(.internalError, after: error)
            let packets = client.get()
            #expect(sent(packets.dropLast(), "error_event"))
            #expect(packets.last == "1")
        }
    }

    @Test("News of the server wait until the client is in, the latest of each kind, and go with a connection that it never was in")
    func earlyNews() throws {
        let goAway = Event.goAway(reason: "drain", reconnectAfter: .seconds(2))
        try withClient { client in
            client.connect(from: try offset(1))
            #expect(client.socket.send(goAway) == .accepted)
            #expect(client.socket.send(.clusterStatus(isDegraded: true)) == .accepted)
            #expect(client.socket.send(SharedEvent(.clusterStatus(isDegraded: false))) == .accepted)
            #expect(client.socket.send(delivery(try message(2))) == .accepted)
            #expect(sent(client.get(), "receive_message"))
            let synced = Synced(cursors: [:], stamp: Stamp(9), isComplete: true)
            #expect(client.socket.send(.synced(ref: SocketIOSession.recoveryRef, synced)) == .accepted)
            let packets = client.get()
            #expect(packets.first?.hasPrefix("40{") == true)
            #expect(packets.first?.contains(#""pid":"pid""#) == true)
            #expect(sent(packets.dropFirst(), "sync_offset", "cluster_status", "goaway"))
            #expect(packets.contains(#"42["cluster_status",{"degraded":false}]"#))
            #expect(client.socket.send(goAway) == .accepted)
            #expect(sent(client.get(), "goaway"))
        }
        try withClient { client in
            client.connect(from: try offset(1))
            _ = client.socket.send(goAway)
            client.socket.close(.goingAway, after: nil)
            #expect(client.get() == ["1"])
        }
    }

    @Test("A message sent without asking for an acknowledgement comes once, in its turn")
    func unacknowledged() throws {
        try withClient { client in
            client.join()
            let own = try message(6)
            #expect(client.socket.send(.ack(ref: nil, message: own, isDuplicate: false)) == .skipped)
            #expect(client.socket.send(delivery(try message(5, by: UserID(high: 9, low: 9)))) == .accepted)
            #expect(client.socket.send(delivery(own)) == .accepted)
            #expect(seqs(client.get()) == [5, 6])
            #expect(client.socket.send(.ack(ref: nil, message: own, isDuplicate: true)) == .skipped)
            #expect(seqs(client.get()).isEmpty)
        }
    }

    @Test("One that was stored over another connection, and is sent again, comes as what it is: a replay")
    func unacknowledgedAgain() throws {
        try withClient { client in
            client.join()
            let place = client.socket.offset?.current
            let own = try message(6)
            #expect(client.socket.send(.ack(ref: nil, message: own, isDuplicate: true)) == .skipped)
            let packets = client.get()
            #expect(seqs(packets) == [6])
            #expect(packets.first?.contains(#""replayed":true"#) == true)
            #expect(client.socket.offset?.current == place)
        }
    }

    @Test("The offset that counts on an acknowledgement comes behind it, or not at all")
    func offsetBehindAcknowledgement() throws {
        try withClient { client in
            client.join()
            client.socket.offset = LiveOffset(try offset(5))
            #expect(client.socket.send(.ack(ref: "7", message: try message(6), isDuplicate: false)) == .accepted)
            let packets = client.get()
            #expect(packets.first?.hasPrefix("437[") == true)
            #expect(sent(packets.dropFirst(), "sync_offset"))
            #expect(packets.last?.contains("\(Self.room)=6") == true)
        }
        try withClient(SocketIOFixture(outboundBytes: 400)) { client in
            client.join()
            client.socket.offset = LiveOffset(try offset(5))
            while client.socket.send(.pong(ref: nil, serverTime: Timestamp(milliseconds: 0))) == .accepted {}
            #expect(client.socket.send(.ack(ref: "7", message: try message(6), isDuplicate: false)) == .overflow)
            let unchanged = try offset(5)
            #expect(client.socket.offset?.current == unchanged)
        }
    }

    @Test("A part of a SYNC is acknowledged when it is taken, and once")
    func partOfSync() {
        let part = #"["sync",{"cursors":{},"more":true}]"#
        withClient { client in
            client.join()
            #expect(client.post("427" + part) == nil)
            #expect(client.frames.last?.ref == "7")
            #expect(client.get() == [#"437[{"ok":true}]"#])
            #expect(client.post("42" + part) == nil)
            #expect(client.post(#"428["sync",{"cursors":{}}]"#) == nil)
            #expect(client.get().isEmpty)
        }
        let refusing = SocketIOFixture { frame in
            guard case .success(.sync) = frame.command else { return nil }
            return .error(ref: frame.ref, RequestError(.badRequest, "No."))
        }
        withClient(refusing) { client in
            client.join()
            #expect(client.post("427" + part) == nil)
            #expect(client.get() == [#"437[{"ok":false,"code":"BAD_REQUEST","message":"No."}]"#])
        }
    }

    @Test("What another instance emits with a text at its end is followed by the offset that the library takes that text for")
    func textAtTheEnd() {
        withClient { client in
            client.join()
            client.socket.reach = AdapterReach(socketID: "x")
            func emit(_ data: [MessagePackValue], ackID: UInt64? = nil) {
                client.socket.emit(AdapterPacket(AdapterBroadcast(data, to: AdapterTarget()), ackID: ackID)) { _ in }
            }
            // However often it was told just now.
            for _ in 0..<3 { emit(["news", "text"]) }
            let packets = client.get()
            let kinds = packets.map { $0.hasPrefix(#"42["sync_offset""#) }
            #expect(kinds == [false, true, false, true, false, true])
            emit(["name alone"])
            #expect(client.get().count == 2)
            emit(["news", 1])
            emit(["question", "text"], ackID: 3)
            #expect(client.get() == [#"42["news",1]"#, #"423["question","text"]"#])
        }
    }

    @Test("Where the offset finds no room, it is told later")
    func offsetWithoutRoom() throws {
        try withClient(SocketIOFixture(outboundBytes: 2_000)) { client in
            client.join()
            while !client.connection.isPressed { _ = client.socket.send(.pong(ref: nil, serverTime: Timestamp(milliseconds: 0))) }
            let one = delivery(try message(1))
            #expect(client.socket.send(one) == .accepted)
            #expect(!client.get().contains { $0.contains("sync_offset") })
            client.loop.advanceTime(to: .now() + .seconds(1))
            let packets = client.get()
            #expect(sent(packets, "sync_offset"))
            #expect(packets.first?.contains("\(Self.room)=1") == true)
        }
    }

    @Test("A client that another instance disconnects gets what was emitted before")
    func disconnected() {
        withClient { client in
            client.join()
            client.socket.reach = AdapterReach(socketID: "x")
            client.socket.emit(AdapterPacket(AdapterBroadcast(["last word", 1], to: AdapterTarget())))
            client.socket.leave(closesTransport: true)
            #expect(client.get() == [#"42["last word",1]"#, "41", "1"])
            #expect(client.get().isEmpty)
        }
    }
}
