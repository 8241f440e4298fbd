package import Actors

/// A family of events and the Redis channel that carries it.
///
/// With broadcast routing its name is the raw value, so that every instance hears everything and any tool can listen in. With targeted
/// routing the id of a user or a channel follows after a colon; orders to end sessions are broadcast all the same.
package enum BusChannel: String, CaseIterable, Sendable {
    case chatMessage = "chat.message"
    case adminKick = "admin.kick"
    case presenceEvents = "presence_events"
    case chatEvents = "chat_events"

    /// The family that a subscribed channel's name belongs to.
    package init?(subscribed name: String) {
        guard let colon = name.utf8.firstIndex(of: UInt8(ascii: ":")) else {
            self.init(rawValue: name)
            return
        }
        self.init(rawValue: String(name[..<colon]))
    }

    package init(_ event: BusEvent) {
        switch event {
        case .message: self = .chatMessage
        case .kick: self = .adminKick
        case .chat: self = .chatEvents
        case .presence: self = .presenceEvents
        }
    }

    /// The channel of this family for one user or channel.
    package func name(for address: String) -> String {
        "\(rawValue):\(address)"
    }

    /// The names of the Redis channels that an event is published to, one or two.
    package static func names(for event: BusEvent, routing: BusRouting) -> [String] {
        let family = Self(event)
        let topics = routing == .targeted ? event.topics : []
        guard !topics.isEmpty else { return [family.rawValue] }
        return topics.map { topic in
            switch topic {
            case .user(let user), .presence(let user): family.name(for: "\(user)")
            case .channel(let name): family.name(for: "\(ConversationID.channel(name))")
            }
        }
    }

    /// Where an instance publishes its probes, and hears them.
    package static func probe(of instanceID: String) -> String {
        "probe:\(instanceID)"
    }
}
