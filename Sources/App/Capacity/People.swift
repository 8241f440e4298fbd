import Actors

extension RoutingSimulation {
    /// Who is where, in which channels, and whose contact: by numbers.
    struct People: Sendable {
        /// The instance that each is connected to, any.
        let place: [Int]
        let contacts: [[Int]]
        /// The channels that each is in.
        private let channels: [[Int]]
        private let members: [[Int]]

        var count: Int { place.count }

        init(instances: Int, count: Int, workload: Workload, _ random: inout SplitMix64) {
            place = (0..<count).map { _ in Int.random(in: 0..<instances, using: &random) }
            contacts = (0..<count).map { _ in
                (0..<Int(workload.contacts)).map { _ in Int.random(in: 0..<count, using: &random) }
            }
            var channels = [[Int]](repeating: [], count: count)
            var members: [[Int]] = []
            let size = max(1, Int(workload.channelMembers))
            // Each round puts everybody into one channel more.
            for _ in 0..<Int(workload.channelsEach) {
                let order = (0..<count).shuffled(using: &random)
                for start in stride(from: 0, to: count, by: size) {
                    let group = Array(order[start..<min(count, start + size)])
                    for user in group { channels[user].append(members.count) }
                    members.append(group)
                }
            }
            self.channels = channels
            self.members = members
        }

        /// What each instance follows for those who are connected to it.
        func topics() -> [Set<BusTopic>] {
            var topics = [Set<BusTopic>](repeating: [], count: (place.max() ?? 0) + 1)
            for user in place.indices {
                topics[place[user]].insert(.user(Self.id(user)))
                for contact in contacts[user] { topics[place[user]].insert(.presence(Self.id(contact))) }
                for channel in channels[user] {
                    guard let name = Self.name(channel) else { continue }
                    topics[place[user]].insert(.channel(name))
                }
            }
            return topics
        }

        func direct(from sender: Int, _ random: inout SplitMix64) -> (ConversationID, recipients: [Int]) {
            let recipient = contacts[sender].randomElement(using: &random) ?? sender
            return (.direct(UserPair(Self.id(sender), Self.id(recipient))), [sender, recipient])
        }

        /// Nobody's channel where the sender is in none.
        func channel(of sender: Int, _ random: inout SplitMix64) -> (ConversationID?, recipients: [Int]) {
            guard let channel = channels[sender].randomElement(using: &random), let name = Self.name(channel) else { return (nil, []) }
            return (.channel(name), members[channel])
        }

        func message(_ number: Int, from sender: Int, in conversation: ConversationID?) -> BusEvent? {
            guard let conversation, let clientMessageID = ClientMessageID("m-\(number)") else { return nil }
            let message = Message(
                messageID: MessageID(high: UInt64(number), low: 0),
                conversationID: conversation,
                seq: 1,
                senderID: Self.id(sender),
                senderName: "somebody",
                content: "",
                clientMessageID: clientMessageID,
                createdAt: Timestamp(milliseconds: 0)
            )
            return .message(message)
        }

        func presence(of user: Int) -> BusEvent {
            .presence(
                PresenceEvent(
                    kind: .online,
                    userID: Self.id(user),
                    username: "somebody",
                    status: .online,
                    timestamp: Timestamp(milliseconds: 0)
                )
            )
        }

        /// Any ids would do, but not ones that follow each other: their slots are to be spread as those of real ones.
        private static func id(_ user: Int) -> UserID {
            var random = SplitMix64(seed: UInt64(user))
            return UserID(high: random.next(), low: random.next())
        }

        private static func name(_ channel: Int) -> ChannelName? {
            ChannelName("channel-\(channel)")
        }
    }
}
