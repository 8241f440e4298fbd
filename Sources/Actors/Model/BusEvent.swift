/// What instances tell each other: a hint that something is in the store now.
package enum BusEvent: Sendable {
    case message(Message)
    case kick(Kick)
}

/// An event as it came from the bus.
package struct BusDelivery: Sendable {
    package let event: BusEvent
    package let eventID: BusEventID
    package let origin: InstanceIdentity

    package init(event: BusEvent, eventID: BusEventID, origin: InstanceIdentity) {
        self.event = event
        self.eventID = eventID
        self.origin = origin
    }
}

/// One life of one instance: a restart under the same name is another identity.
package struct InstanceIdentity: Hashable, Sendable {
    package let instanceID: String
    /// Random, made at start.
    package let boot: String

    package init(instanceID: String, boot: String) {
        self.instanceID = instanceID
        self.boot = boot
    }
}

/// Whether hints travel between instances at this moment.
package enum BusStatus: Hashable, Sendable {
    /// Not configured, or given up at boot: a single instance.
    case disabled
    case connected
    case reconnecting
}
