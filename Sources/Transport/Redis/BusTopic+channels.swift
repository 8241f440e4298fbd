package import Actors

extension BusTopic {
    /// The Redis channels that carry the topic with targeted routing.
    package var channels: [String] {
        switch self {
        case .user(let user): [BusChannel.chatMessage.name(for: "\(user)"), BusChannel.chatEvents.name(for: "\(user)")]
        case .channel(let name):
            [
                BusChannel.chatMessage.name(for: "\(ConversationID.channel(name))"),
                BusChannel.chatEvents.name(for: "\(ConversationID.channel(name))"),
            ]
        case .presence(let user): [BusChannel.presenceEvents.name(for: "\(user)")]
        }
    }

    /// The topic that a Redis channel belongs to; nil for the channels that every instance hears.
    package init?(channel name: String) {
        guard let family = BusChannel(subscribed: name), name != family.rawValue else { return nil }
        let address = name.dropFirst(family.rawValue.count + 1)
        switch family {
        case .chatMessage, .chatEvents:
            if let user = UserID(address) {
                self = .user(user)
            } else if case .channel(let name) = ConversationID(address) {
                self = .channel(name)
            } else {
                return nil
            }
        case .presenceEvents:
            guard let user = UserID(address) else { return nil }
            self = .presence(user)
        case .adminKick:
            return nil
        }
    }
}
