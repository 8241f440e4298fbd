package import Metrics

/// What an instance measures of its chat work.
///
/// Every handle is made once: recording is a few atomic instructions, with no look-up and no label made for a message. No label names a
/// user, a conversation or anything else of which there are ever more.
package final class ChatMetrics: Sendable {
    /// Those of the process, for the factory that `MetricsSystem` had at their first use.
    package static let shared = ChatMetrics()

    package let sending: SendingMetrics
    package let delivery: DeliveryMetrics
    package let sessions: SessionMetrics
    package let kicks: KickMetrics
    package let reconciler: ReconcilerMetrics

    package init(factory: any MetricsFactory = MetricsSystem.factory) {
        sending = SendingMetrics(factory)
        delivery = DeliveryMetrics(factory)
        sessions = SessionMetrics(factory)
        kicks = KickMetrics(factory)
        reconciler = ReconcilerMetrics(factory)
    }
}

/// The way by which something came to an instance.
package enum DeliveryPath: String, Hashable, Sendable, CaseIterable {
    /// It was done here.
    case local
    /// Another instance told of it.
    case bus
    /// The store was asked first: no hint had come, or it was the first one of its conversation.
    case reconciler
}

/// The way by which a message was sent.
package enum SendPath: String, Hashable, Sendable, CaseIterable {
    case websocket
    case http
}

/// One handle for each way of delivery, chosen without a look-up.
struct ByDeliveryPath<Handle: Sendable>: Sendable {
    private let local: Handle
    private let bus: Handle
    private let reconciler: Handle

    init(_ make: (DeliveryPath) -> Handle) {
        (local, bus, reconciler) = (make(.local), make(.bus), make(.reconciler))
    }

    subscript(path: DeliveryPath) -> Handle {
        switch path {
        case .local: local
        case .bus: bus
        case .reconciler: reconciler
        }
    }
}

/// One handle for direct conversations, one for channels.
struct ByConversationKind<Handle: Sendable>: Sendable {
    private let direct: Handle
    private let channel: Handle

    init(_ make: (_ kind: String) -> Handle) {
        (direct, channel) = (make("direct"), make("channel"))
    }

    subscript(conversation: ConversationID) -> Handle {
        switch conversation {
        case .direct: direct
        case .channel: channel
        }
    }
}
