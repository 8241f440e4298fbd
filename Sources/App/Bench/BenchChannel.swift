import Actors
import Transport

/// A channel and who is in it, put into the store before a server begins.
struct BenchChannel: Sendable {
    let name: String
    /// At least one.
    let members: [BenchUser]

    /// How many join at the same time: they share a commit.
    private static let atOnce = 500

    func make(in database: BenchDatabase) async throws {
        try await Self.make([self], in: database)
    }

    static func make(_ channels: [BenchChannel], in database: BenchDatabase) async throws {
        let store = try await database.open()
        var joining: [(channel: ChannelName, user: UserID)] = []
        for channel in channels {
            guard let name = ChannelName(channel.name) else { throw BenchFailure("\(channel.name) is no channel's name") }
            guard let first = channel.members.first else { throw BenchFailure("nobody is in \(channel.name)") }
            try await store.createChannel(
                ChatChannel(name: name, title: channel.name, createdBy: first.userID, createdAt: SystemTime().now())
            )
            joining += channel.members.map { (name, $0.userID) }
        }
        for start in stride(from: 0, to: joining.count, by: atOnce) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (channel, user) in joining[start..<min(joining.count, start + atOnce)] {
                    group.addTask { _ = try await store.join(channel, user: user, limit: Conversations.channelLimit) }
                }
                try await group.waitForAll()
            }
        }
        await store.close()
    }
}
