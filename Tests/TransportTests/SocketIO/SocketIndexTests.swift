import Actors
import Testing
import Transport

@Suite("Sockets are found by room")
struct SocketIndexTests {
    private let user = Sample.ids.next(UserID.self)

    private func index() -> SocketIndex<String> {
        var index = SocketIndex<String>()
        index.add("first", id: "a", userID: user, connectionID: ConnectionID(1))
        index.add("second", id: "b", userID: user, connectionID: ConnectionID(2))
        index.add("third", id: "c", userID: Sample.ids.next(UserID.self), connectionID: ConnectionID(3))
        return index
    }

    @Test func aSocketIsInItsOwnRoomAndItsUsers() {
        var index = index()
        #expect(index["a"] == "first")
        #expect(index.members(of: "a") == ["a"])
        #expect(index.members(of: "\(user)") == ["a", "b"])
        #expect(index.socketIDs(of: [ConnectionID(2), ConnectionID(3), ConnectionID(9)]) == ["b", "c"])
        #expect(index.remove("a") == [])
        #expect(index.members(of: "\(user)") == ["b"])
        #expect(index.remove("b") == [])
        #expect(!index.hasMembers(in: "\(user)"))
        #expect(index.socketIDs == ["c"])
    }

    @Test func roomsAreJoinedAndLeft() {
        var index = index()
        #expect(index.join("room", "a") == true)
        #expect(index.join("room", "a") == nil)
        #expect(index.join("room", "b") == false)
        #expect(index.join("room", "unknown") == nil)
        #expect(index.members(of: "room") == ["a", "b"])
        #expect(index.leave("room", "a") == false)
        #expect(index.rooms(of: "b") == ["room"])
        #expect(index.remove("b") == ["room"])
        #expect(!index.hasMembers(in: "room"))
        #expect(index.leave("room", "b") == false)
    }

    @Test func oneSocketJoinsSoMany() {
        var index = index()
        for number in 0..<SocketIndex<String>.roomLimit { #expect(index.join("room\(number)", "a") == true) }
        #expect(index.join("one more", "a") == nil)
        #expect(index.join(String(repeating: "x", count: 257), "b") == nil)
        let left = index.remove("a")
        #expect(left.count == SocketIndex<String>.roomLimit)
        #expect(index.rooms.isEmpty)
    }
}
