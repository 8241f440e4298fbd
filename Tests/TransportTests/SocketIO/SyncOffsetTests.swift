import Actors
import NIOCore
import Testing

@testable import Transport

@Suite("An offset says where a client stands")
struct SyncOffsetTests {
    private static let user = "01890000-0000-7000-8000-000000000001"

    private func make() throws -> (offset: SyncOffset, room: ConversationID) {
        let user = try #require(UserID(Self.user))
        let room = try #require(ConversationID("ch:room"))
        return (SyncOffset(userID: user, stamp: Stamp(7)), room)
    }

    private func text(_ offset: SyncOffset) -> String {
        var buffer = ByteBuffer()
        offset.write(to: &buffer)
        return String(buffer: buffer)
    }

    @Test("What is written is read")
    func text() throws {
        var (offset, room) = try make()
        #expect(text(offset) == "1!\(Self.user)!7!")
        #expect(SyncOffset(text(offset)) == offset)
        offset.delivered(MessagePlace(conversationID: room, seq: 12))
        #expect(text(offset) == "1!\(Self.user)!7!ch:room=12")
        #expect(SyncOffset(text(offset)) == offset)
        let direct = try #require(ConversationID("dm:\(Self.user):\(Self.user)"))
        offset.delivered(MessagePlace(conversationID: direct, seq: 3))
        #expect(text(offset).utf8.filter { $0 == UInt8(ascii: ",") }.count == 1)
        #expect(SyncOffset(text(offset)) == offset)
    }

    @Test(
        "Anything else is none",
        arguments: [
            "", "1", "1!!!", "2!\(user)!7!", "1!\(user)!7", "1!\(user)!x!", "1!\(user)!7!ch:room", "1!\(user)!7!ch:room=-1",
            "1!\(user)!7!ch:room=x",
            "1!\(user)!7!nowhere=1", "1!nobody!7!", "1!\(user)!7!ch:room=1!",
        ]
    )
    func malformed(text: String) {
        #expect(SyncOffset(text) == nil)
    }

    @Test("A delivery moves it; an acknowledgement does where nothing is missing below it")
    func moves() throws {
        var (offset, room) = try make()
        offset.acknowledged(MessagePlace(conversationID: room, seq: 5))
        #expect(offset.cursors[room] == nil)
        offset.delivered(MessagePlace(conversationID: room, seq: 6))
        offset.acknowledged(MessagePlace(conversationID: room, seq: 8))
        #expect(offset.cursors[room] == 6)
        offset.acknowledged(MessagePlace(conversationID: room, seq: 7))
        #expect(offset.cursors[room] == 7)
    }

    @Test("It names no more conversations than the limit")
    func limit() throws {
        var (offset, room) = try make()
        for number in 0..<(SyncOffset.cursorLimit + 5) {
            offset.delivered(MessagePlace(conversationID: try #require(ConversationID("ch:room-\(number)")), seq: 1))
        }
        offset.delivered(MessagePlace(conversationID: room, seq: 9))
        #expect(offset.cursors.count == SyncOffset.cursorLimit)
        #expect(offset.cursors[room] == 9)
        #expect(SyncOffset(text(offset)) == offset)
    }

    @Test("What a SYNC brought counts, and nothing goes back")
    func caughtUp() throws {
        var (offset, room) = try make()
        offset.delivered(MessagePlace(conversationID: room, seq: 9))
        let other = try #require(ConversationID("ch:other"))
        offset.caughtUp(Synced(cursors: [room: 4, other: 3], stamp: Stamp(20), isComplete: true))
        #expect(offset.stamp == Stamp(20))
        #expect(offset.cursors == [room: 9, other: 3])
    }

    @Test("A client that is in is told of all that was delivered, whichever conversations it came in")
    func live() throws {
        let (offset, room) = try make()
        let other = try #require(ConversationID("ch:other"))
        var live = LiveOffset(offset)
        #expect(live.current == offset)
        for (conversation, seq) in [(room, 1), (room, 2), (other, 7), (room, 3), (other, 8), (other, 9)] as [(ConversationID, Int64)] {
            live.delivered(MessagePlace(conversationID: conversation, seq: seq))
        }
        #expect(live.current.cursors == [room: 3, other: 9])
        live.delivered(MessagePlace(conversationID: room, seq: 4))
        live.acknowledged(MessagePlace(conversationID: room, seq: 5))
        #expect(live.current.cursors == [room: 5, other: 9])
        live.delivered(MessagePlace(conversationID: room, seq: 6))
        live.caughtUp(Synced(cursors: [room: 2, other: 12], stamp: Stamp(20), isComplete: true))
        #expect(live.current.cursors == [room: 6, other: 12])
        #expect(live.current.stamp == Stamp(20))
    }

    @Test("A quiet client is told at once, a busy one now and then")
    func pace() {
        func after(_ time: TimeAmount) -> NIODeadline { .uptimeNanoseconds(0) + time }
        let pace = Held(OffsetPace())
        #expect(pace { $0.changed(now: after(.seconds(1))) } == .tell)
        pace { $0.told(bytes: 100, now: after(.seconds(1))) }
        #expect(pace { $0.changed(now: after(.milliseconds(1_100))) } == .wait(until: after(.milliseconds(1_600))))
        #expect(pace { $0.changed(now: after(.milliseconds(1_200))) } == .none)
        // The next message that comes late enough takes it along, and the timer finds another period.
        #expect(pace { $0.changed(now: after(.milliseconds(1_550))) } == .tell)
        pace { $0.told(bytes: 2_000, now: after(.milliseconds(1_550))) }
        #expect(pace { $0.changed(now: after(.milliseconds(1_580))) } == .none)
        #expect(pace { $0.timePassed(now: after(.milliseconds(1_600))) } == .wait(until: after(.milliseconds(3_650))))
        #expect(pace { $0.timePassed(now: after(.milliseconds(3_650))) } == .tell)
        pace { $0.told(bytes: 100, now: after(.milliseconds(3_650))) }
        #expect(pace { $0.timePassed(now: after(.milliseconds(3_700))) } == .none)
        #expect(pace { $0.changed(now: after(.milliseconds(4_150))) } == .tell)
    }

    @Test("Where it finds no room it is tried again after a while, and not with each message until then")
    func leftOut() {
        func after(_ time: TimeAmount) -> NIODeadline { .uptimeNanoseconds(0) + time }
        let pace = Held(OffsetPace())
        #expect(pace { $0.changed(now: after(.seconds(1))) } == .tell)
        #expect(pace { $0.leftOut(now: after(.seconds(1))) } == .wait(until: after(.milliseconds(1_600))))
        #expect(pace { $0.changed(now: after(.milliseconds(1_100))) } == .none)
        #expect(pace { $0.timePassed(now: after(.milliseconds(1_600))) } == .tell)
        #expect(pace { $0.leftOut(now: after(.milliseconds(1_600))) } == .wait(until: after(.milliseconds(2_200))))
        #expect(pace { $0.changed(now: after(.milliseconds(2_100))) } == .tell)
        #expect(pace { $0.leftOut(now: after(.milliseconds(2_100))) } == .none)
        #expect(pace { $0.timePassed(now: after(.milliseconds(2_200))) } == .wait(until: after(.milliseconds(2_700))))
        pace { $0.told(bytes: 100, now: after(.milliseconds(2_300))) }
        #expect(pace { $0.timePassed(now: after(.milliseconds(2_700))) } == .none)
    }
}
