package import Logging

/// Brings stored messages to whom they are for: to the connections here, and as a hint to the other instances.
package struct Delivery: Sendable {
    private let registry: Registry
    private let bus: any Bus
    private let logger: Logger

    package init(registry: Registry, bus: any Bus, logger: Logger = Logger(label: "Session")) {
        self.registry = registry
        self.bus = bus
        self.logger = logger
    }

    /// Delivers messages of one conversation that this instance has stored, in their order.
    package func deliver(_ stored: [(message: Message, origin: ConnectionID?)]) async {
        for (message, origin) in stored {
            await deliverHere(message, origin: origin)
            bus.publish(.message(message))
        }
    }

    /// Delivers to the connections of this instance alone.
    ///
    /// - Returns: how many users have a connection here and were told.
    @discardableResult
    package func deliverHere(_ message: Message, origin: ConnectionID?) async -> Int {
        let users = await registry.users(message.audience)
        for user in users { await user.deliver(message, origin: origin) }
        logger.debug(
            "BROADCAST",
            metadata: [
                "messageId": "\(message.messageID)", "seq": .stringConvertible(message.seq), "users": .stringConvertible(users.count),
            ]
        )
        return users.count
    }
}

extension Message {
    /// Whose sessions get this message of a direct conversation.
    fileprivate var audience: [UserID] {
        guard case .direct(let pair) = conversationID else { return [] }
        return pair.first == pair.second ? [pair.first] : [pair.first, pair.second]
    }
}
