import Actors
import Testing

@Suite("Commands run in their order, sends to one destination together")
struct CommandQueueTests {
    private let ada = UserID(high: 1, low: 1)
    private let bob = UserID(high: 1, low: 2)

    private func send(_ id: String, to user: UserID) throws -> CommandQueue.Item {
        let command = SendCommand(clientMessageID: try #require(ClientMessageID(id)), content: id, destination: .user(user))
        return CommandQueue.Item(ref: id, command: .send(command))
    }

    @Test func groupsOnlyWhatStandsInARow() throws {
        var queue = CommandQueue()
        for item in try [send("1", to: ada), send("2", to: ada), send("3", to: bob), send("4", to: ada)] { queue.append(item) }
        #expect(queue.next()?.map(\.ref) == ["1", "2"])
        #expect(queue.next()?.map(\.ref) == ["3"])
        #expect(queue.next()?.map(\.ref) == ["4"])
        #expect(queue.next()?.count == nil)
    }

    @Test func anotherCommandStandsBetween() throws {
        var queue = CommandQueue()
        let dm = ConversationID.direct(UserPair(ada, bob))
        queue.append(try send("1", to: ada))
        queue.append(CommandQueue.Item(ref: "2", command: .conversation(.read(dm, upTo: 1))))
        queue.append(try send("3", to: ada))
        #expect(queue.next()?.map(\.ref) == ["1"])
        #expect(queue.next()?.map(\.ref) == ["2"])
        #expect(queue.next()?.map(\.ref) == ["3"])
    }
}
