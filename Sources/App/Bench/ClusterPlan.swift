import Actors

/// Who is on which instance and in which channels, and what each message of a run is: told by numbers alone.
struct ClusterPlan: Sendable {
    /// Where a message goes.
    enum Destination: Hashable, Sendable {
        case channel(Int)
        case user(Int)
    }

    /// Who talks to whom.
    enum Traffic: String, CaseIterable, Sendable {
        /// Small channels of people who are on one instance, with two of the next one; half of the messages are direct ones, three of four of
        /// those within the instance. What an instance has to do is the same however many there are, from two on.
        case circles
        /// Channels with members on all instances; a fifth of the messages are direct ones, to the next instance.
        case spread
    }

    let instances: Int
    /// Users of one instance.
    let usersEach: Int
    let traffic: Traffic
    /// The members of each channel, ascending.
    let members: [[Int]]
    /// The channels of each user.
    private let channels: [[Int]]

    /// In a spread channel there are two groups of so many people who come one after the other; as they take turns on the instances, they
    /// are on all of them.
    private static let groupSize = 15
    /// A circle's own people.
    private static let circleSize = 10
    /// A circle's people of the next instance.
    private static let visitors = 2

    init(instances: Int, usersEach: Int, traffic: Traffic) {
        self.instances = instances
        self.usersEach = usersEach
        self.traffic = traffic
        let members = traffic == .spread ? Self.spread(instances * usersEach) : Self.circles(instances, usersEach)
        var channels = Array(repeating: [Int](), count: instances * usersEach)
        for (channel, users) in members.enumerated() { for user in users { channels[user].append(channel) } }
        self.members = members
        self.channels = channels
    }

    var users: Int { instances * usersEach }

    func instance(of user: Int) -> Int { user % instances }

    static func channelName(_ channel: Int) -> String { "bench-\(channel)" }

    func sender(of message: Int) -> Int { message % users }

    /// Whose turn is what moves on with each round.
    func destination(of message: Int) -> Destination {
        let (turn, user) = message.quotientAndRemainder(dividingBy: users)
        let place = turn + user / instances
        switch traffic {
        case .spread:
            if (turn + user).isMultiple(of: 5) { return .user((user + 1) % users) }
        case .circles:
            // The same one's people are each instance's width apart.
            if place.isMultiple(of: 8) { return .user((user + 1) % users) }
            if place.isMultiple(of: 2) { return .user((user + instances) % users) }
        }
        let own = channels[user]
        return .channel(own[turn % own.count])
    }

    /// Whom a message is delivered to; its sender gets the answer alone.
    func isExpected(_ message: Int, by user: Int) -> Bool {
        guard user != sender(of: message) else { return false }
        switch destination(of: message) {
        case .user(let recipient): return user == recipient
        case .channel(let channel): return channels[user].contains(channel)
        }
    }

    /// How many deliveries a message makes.
    func deliveries(of message: Int) -> Int {
        switch destination(of: message) {
        case .user: 1
        case .channel(let channel): members[channel].count - 1
        }
    }

    private static func spread(_ users: Int) -> [[Int]] {
        let count = max(1, users / groupSize)
        guard count > 1 else { return [Array(0..<users)] }
        let group = { (user: Int) in min(user / groupSize, count - 1) }
        return (0..<count).map { channel in (0..<users).filter { group($0) == channel || (group($0) + 1) % count == channel } }
    }

    private static func circles(_ instances: Int, _ usersEach: Int) -> [[Int]] {
        let count = max(1, usersEach / circleSize)
        let group = { (place: Int) in min(place / circleSize, count - 1) }
        return (0..<instances * count).map { channel in
            let (circle, instance) = channel.quotientAndRemainder(dividingBy: instances)
            let own = (0..<usersEach).filter { group($0) == circle }.map { $0 * instances + instance }
            // Of another circle: with one instance the next one is the same.
            let other = (0..<usersEach).filter { group($0) == (circle + 1) % count }.prefix(visitors)
            return Set(own + other.map { $0 * instances + (instance + 1) % instances }).sorted()
        }
    }
}
