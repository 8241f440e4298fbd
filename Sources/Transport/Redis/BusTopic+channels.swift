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

extension BusEvent {
    /// The topics whose followers are told of the event; none where every instance is.
    package var topics: [BusTopic] {
        switch self {
        case .message(let message): Self.topics(of: message.conversationID)
        case .chat(.membership(let name, let user, _)): [.channel(name), .user(user)]
        case .chat(let event): Self.topics(of: event.conversationID)
        case .presence(let event): [.presence(event.userID)]
        case .kick: []
        }
    }

    private static func topics(of conversation: ConversationID) -> [BusTopic] {
        switch conversation {
        case .direct(let pair) where pair.first == pair.second: [.user(pair.first)]
        case .direct(let pair): [.user(pair.first), .user(pair.second)]
        case .channel(let name): [.channel(name)]
        }
    }
}
