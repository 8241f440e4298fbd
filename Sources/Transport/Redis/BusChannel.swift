package import Actors

/// A family of events and the Redis channel that carries it.
///
/// Hints are broadcast under these names, so that every instance hears everything and any tool can listen in.
/// Routing by user or channel would add its own names in `publishing` and `init(subscribed:)`.
package enum BusChannel: String, CaseIterable, Sendable {
    case chatMessage = "chat.message"
    case adminKick = "admin.kick"
    case presenceEvents = "presence_events"
    case chatEvents = "chat_events"

    /// The family that a subscribed channel's name belongs to.
    package init?(subscribed name: String) {
        self.init(rawValue: name)
    }

    package init(_ event: BusEvent) {
        switch event {
        case .message: self = .chatMessage
        case .kick: self = .adminKick
        case .chat: self = .chatEvents
        case .presence: self = .presenceEvents
        }
    }

    /// The name of the Redis channel that an event of this family is published to.
    package func publishing(_ event: BusEvent) -> String {
        rawValue
    }

    /// Where an instance publishes its probes, and hears them.
    package static func probe(of instanceID: String) -> String {
        "probe:\(instanceID)"
    }
}
