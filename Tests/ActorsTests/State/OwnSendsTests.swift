import Actors
import Testing

@Suite("A connection's own messages come to it once: by the ACK, or else as what others have stored")
struct OwnSendsTests {
    private let ada = UserID(high: 1, low: 1)
    private let bob = UserID(high: 1, low: 2)
    private let id = ClientMessageID("m1")

    private func event(_ seq: Int64, by sender: UserID, _ id: String, with peer: UInt64 = 2, rev: Int64 = 0) throws -> SharedEvent {
        let message = Message(
            messageID: MessageID(high: 2, low: UInt64(seq)),
            conversationID: .direct(UserPair(ada, UserID(high: 1, low: peer))),
            seq: seq,
            senderID: sender,
            senderName: "name",
            content: "hello",
            clientMessageID: try #require(ClientMessageID(id)),
            createdAt: Timestamp(milliseconds: 0),
            rev: rev
        )
        return SharedEvent(.messageReceived(message, showsClientMessageID: sender == ada, isReplayed: false))
    }

    private func message(_ event: SharedEvent) throws -> Message {
        guard case .messageReceived(let message, _, _) = event.event else { throw RequestError(.internalError, "no message") }
        return message
    }

    @Test func whatAnAckBroughtIsSkippedButForWhatHasChanged() throws {
        var sends = OwnSends()
        let id = try #require(id)
        let own = try event(1, by: ada, "m1")
        sends.begin(id)
        #expect(sends.answer(id, with: try message(own), of: ada).isEmpty)
        #expect(sends.judge(own, of: ada) == .skip)
        let edited = try event(1, by: ada, "m1", rev: 1)
        #expect(sends.judge(edited, of: ada) == .update)
        #expect(sends.judge(try event(2, by: bob, "m1"), of: ada) == .write)
    }

    @Test func whatComesBeforeTheAnswerWaitsForItAndItsConversationBehindIt() throws {
        var sends = OwnSends()
        let id = try #require(id)
        sends.begin(id)
        let own = try event(5, by: ada, "m1")
        let next = try event(6, by: bob, "x")
        #expect(sends.judge(own, of: ada) == .hold)
        #expect(sends.hold(own, at: .zero).isEmpty)
        #expect(sends.judge(next, of: ada) == .hold)
        #expect(sends.hold(next, at: .zero).isEmpty)
        #expect(sends.judge(try event(1, by: bob, "x", with: 3), of: ada) == .write)
        let released = sends.answer(id, with: try message(own), of: ada)
        #expect(released.map(\.verdict) == [.skip, .write])
        #expect(released.map { $0.event === own } == [true, false])
        #expect(sends.judge(next, of: ada) == .write)
    }

    @Test func whoIsRefusedIsWrittenIt() throws {
        var sends = OwnSends()
        let id = try #require(id)
        sends.begin(id)
        let stored = try event(5, by: ada, "m1")
        #expect(sends.judge(stored, of: ada) == .hold)
        _ = sends.hold(stored, at: .zero)
        #expect(sends.answer(id, with: nil, of: ada).map(\.verdict) == [.write])
        #expect(sends.judge(stored, of: ada) == .write)
    }

    @Test func whoIsAnsweredNothingIsWrittenItOnceHoweverLateTheAnswerIs() throws {
        var sends = OwnSends()
        let id = try #require(id)
        sends.begin(id)
        let own = try event(5, by: ada, "m1")
        let isHeld = sends.judge(own, of: ada) == .hold
        #expect(isHeld)
        _ = sends.hold(own, at: .zero)
        #expect(sends.overdue(at: .seconds(5)).count == 1)
        #expect(sends.answer(id, with: nil, of: ada).isEmpty)
    }

    @Test func nothingIsHeldForLongNorWithoutLimit() throws {
        var sends = OwnSends()
        sends.begin(try #require(id))
        #expect(sends.hold(try event(1, by: ada, "m1"), at: .seconds(10)).isEmpty)
        #expect(sends.overdue(at: .milliseconds(14_900)).isEmpty)
        #expect(sends.overdue(at: .seconds(15)).count == 1)
        #expect(sends.overdue(at: .seconds(16)).isEmpty)
        for seq in 1...1_024 { #expect(sends.hold(try event(Int64(seq), by: ada, "m1"), at: .seconds(20)).isEmpty) }
        #expect(sends.hold(try event(1_025, by: ada, "m1"), at: .seconds(20)).count == 1_025)
    }
}

extension OwnSends {
    /// A send is answered, and what was held for it released.
    fileprivate mutating func answer(
        _ id: ClientMessageID,
        with message: Message?,
        of user: UserID
    ) -> [(event: SharedEvent, verdict: Verdict)] {
        answered(id, with: message)
        return release(of: user)
    }
}
