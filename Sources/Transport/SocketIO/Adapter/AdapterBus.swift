package import Actors

/// The bus, with the clients of Node.js instances told of the same: whatever this instance publishes has happened here, so that one
/// instance tells of each event.
package struct AdapterBus: Bus {
    private let bus: any Bus
    private let link: AdapterLink

    package init(_ bus: any Bus, telling link: AdapterLink) {
        self.bus = bus
        self.link = link
    }

    package var status: BusStatus { bus.status }

    package var statusChanges: AsyncStream<BusStatus> { bus.statusChanges }

    package var taskExecutor: (any TaskExecutor)? { bus.taskExecutor }

    package func publish(_ event: BusEvent) {
        publish(event, trace: nil)
    }

    package func publish(_ event: BusEvent, trace: TraceParent?) {
        bus.publish(event, trace: trace)
        link.publish(event)
    }

    package func events(_ family: BusFamily) -> AsyncStream<BusDelivery> {
        bus.events(family)
    }

    package func follow(_ topic: BusTopic) async {
        if let room = topic.room { link.follow(room) }
        await bus.follow(topic)
    }

    package func unfollow(_ topic: BusTopic) {
        if let room = topic.room { link.unfollow(room) }
        bus.unfollow(topic)
    }

    package var confirmedLate: AsyncStream<BusTopic> { bus.confirmedLate }
}

extension BusTopic {
    /// The room whose sockets are meant.
    fileprivate var room: String? {
        switch self {
        case .user(let user): "\(user)"
        case .channel(let name): "\(ConversationID.channel(name))"
        case .presence: nil
        }
    }
}
