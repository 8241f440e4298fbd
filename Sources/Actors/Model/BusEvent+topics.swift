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
