import Metrics

/// What comes to the users and channels of this instance, from the store and from other instances.
package struct DeliveryMetrics: Sendable {
    private let delivered: ByDeliveryPath<ByConversationKind<Counter>>
    private let times: ByDeliveryPath<Timer>
    private let handlerFailures: Counter

    init(_ factory: any MetricsFactory) {
        delivered = ByDeliveryPath { path in
            ByConversationKind { kind in
                Counter(
                    label: "switchboard_messages_delivered_total",
                    dimensions: [("kind", kind), ("path", path.rawValue)],
                    factory: factory
                )
            }
        }
        times = ByDeliveryPath { path in
            Timer(label: "switchboard_delivery_duration_seconds", dimensions: [("path", path.rawValue)], factory: factory)
        }
        handlerFailures = Counter(label: "switchboard_bus_handler_failed_total", factory: factory)
    }

    /// Messages of one conversation that were written to a user's or a channel's connections.
    ///
    /// - Parameter now: by the wall clock, as the time of a message is its sender's instance's.
    func delivered(_ messages: [Message], by path: DeliveryPath, at now: Timestamp) {
        guard let conversation = messages.first?.conversationID else { return }
        delivered[path][conversation].increment(by: messages.count)
        for message in messages { times[path].record(duration: max(.zero, now - message.createdAt)) }
    }

    /// What another instance told could not be acted on.
    func noteHandlerFailed() { handlerFailures.increment() }
}
