import Actors
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

    @Test("What is written is read")
    func text() throws {
        var (offset, room) = try make()
        #expect(SyncOffset(offset.text) == offset)
        offset.delivered(12, in: room)
        #expect(offset.text == "1!\(Self.user)!7!ch:room=12")
        #expect(SyncOffset(offset.text) == offset)
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
        offset.acknowledged(5, in: room)
        #expect(offset.cursors[room] == nil)
        offset.delivered(6, in: room)
        offset.acknowledged(8, in: room)
        #expect(offset.cursors[room] == 6)
        offset.acknowledged(7, in: room)
        #expect(offset.cursors[room] == 7)
    }

    @Test("It names no more conversations than the limit")
    func limit() throws {
        var (offset, room) = try make()
        for number in 0..<(SyncOffset.cursorLimit + 5) {
            offset.delivered(1, in: try #require(ConversationID("ch:room-\(number)")))
        }
        offset.delivered(9, in: room)
        #expect(offset.cursors.count == SyncOffset.cursorLimit)
        #expect(offset.cursors[room] == 9)
        #expect(SyncOffset(offset.text) == offset)
    }

    @Test("What a SYNC brought counts, and nothing goes back")
    func caughtUp() throws {
        var (offset, room) = try make()
        offset.delivered(9, in: room)
        let other = try #require(ConversationID("ch:other"))
        offset.caughtUp(Synced(cursors: [room: 4, other: 3], stamp: Stamp(20), isComplete: true))
        #expect(offset.stamp == Stamp(20))
        #expect(offset.cursors == [room: 9, other: 3])
    }

    @Test("A quiet client is told at once, a busy one now and then")
    func pace() {
        let pace = Held(OffsetPace())
        #expect(pace { $0.changed(now: .seconds(1)) } == .tell)
        pace { $0.told(bytes: 100, now: .seconds(1)) }
        #expect(pace { $0.changed(now: .milliseconds(1_100)) } == .wait(.milliseconds(500)))
        #expect(pace { $0.changed(now: .milliseconds(1_200)) } == .none)
        // The next message that comes late enough takes it along, and the timer finds another period.
        #expect(pace { $0.changed(now: .milliseconds(1_550)) } == .tell)
        pace { $0.told(bytes: 2_000, now: .milliseconds(1_550)) }
        #expect(pace { $0.changed(now: .milliseconds(1_580)) } == .none)
        #expect(pace { $0.timePassed(now: .milliseconds(1_600)) } == .wait(.milliseconds(2_050)))
        #expect(pace { $0.timePassed(now: .milliseconds(3_650)) } == .tell)
        pace { $0.told(bytes: 100, now: .milliseconds(3_650)) }
        #expect(pace { $0.timePassed(now: .milliseconds(3_700)) } == .none)
        #expect(pace { $0.changed(now: .milliseconds(4_150)) } == .tell)
    }
}
