import Actors

/// Who is on which instance and in which channels, and what each message of a run is: told by numbers alone.
struct ClusterPlan: Sendable {
    /// Where a message goes.
    enum Destination: Hashable, Sendable {
        case channel(Int)
        case user(Int)
    }

    let instances: Int
    let users: Int

    /// People who come one after the other share a channel with each other, and one with those before them: each is in two channels, but
    /// where there is one alone. As they take turns on the instances, a channel has members on all of them.
    private static let groupSize = 15
    /// One in so many messages is a direct one.
    private static let directEvery = 5

    var channels: Int { max(1, users / Self.groupSize) }

    func instance(of user: Int) -> Int { user % instances }

    func members(of channel: Int) -> [Int] {
        channels == 1 ? Array(0..<users) : (0..<users).filter { ownChannel(of: $0) == channel || otherChannel(of: $0) == channel }
    }

    static func channelName(_ channel: Int) -> ChannelName? {
        ChannelName("bench-\(channel)")
    }

    func sender(of message: Int) -> Int { message % users }

    func destination(of message: Int) -> Destination {
        let (turn, user) = message.quotientAndRemainder(dividingBy: users)
        // Whose turn is a direct message moves on with each round.
        if (turn + user).isMultiple(of: Self.directEvery) { return .user((user + 1) % users) }
        return .channel(turn.isMultiple(of: 2) ? ownChannel(of: user) : otherChannel(of: user))
    }

    /// Whom a message is delivered to; its sender gets the answer alone.
    func isExpected(_ message: Int, by user: Int) -> Bool {
        guard user != sender(of: message) else { return false }
        switch destination(of: message) {
        case .user(let recipient): return user == recipient
        case .channel(let channel): return channels == 1 || ownChannel(of: user) == channel || otherChannel(of: user) == channel
        }
    }

    /// How many deliveries a message makes.
    func deliveries(of message: Int, members: [Int]) -> Int {
        switch destination(of: message) {
        case .user: 1
        case .channel(let channel): members[channel] - 1
        }
    }

    private func ownChannel(of user: Int) -> Int { min(user / Self.groupSize, channels - 1) }
    private func otherChannel(of user: Int) -> Int { (ownChannel(of: user) + 1) % channels }
}
