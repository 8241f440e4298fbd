package import Logging

/// Acts on what other instances tell: delivers their messages, carries out their kicks.
package struct BusConsumer: Sendable {
    private let bus: any Bus
    private let identity: InstanceIdentity
    private let delivery: Delivery
    private let moderation: Moderation
    private let presence: PresenceHub
    private let tracing: any MessageTracing
    private let metrics: ChatMetrics
    private let logger: Logger

    package init(
        bus: any Bus,
        identity: InstanceIdentity,
        delivery: Delivery,
        moderation: Moderation,
        presence: PresenceHub,
        tracing: any MessageTracing = NoTracing(),
        metrics: ChatMetrics = .shared,
        logger: Logger = Logger(label: "RedisBusHandler")
    ) {
        self.bus = bus
        self.identity = identity
        self.delivery = delivery
        self.moderation = moderation
        self.presence = presence
        self.tracing = tracing
        self.metrics = metrics
        self.logger = logger
    }

    /// Consumes the bus until it ends or the task is cancelled: a child task a family, so that kicks don't queue behind messages.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for family in BusFamily.allCases {
                // Where the events come in: acting on one wakes no other thread.
                group.addTask(executorPreference: bus.taskExecutor) {
                    for await incoming in bus.events(family) { await handle(incoming) }
                }
            }
        }
    }

    private func handle(_ incoming: BusDelivery) async {
        if incoming.origin == identity {
            logger.debug("chat_message_self_origin_ignored", metadata: ["id": "\(incoming.eventID)"])
            return
        }
        switch incoming.event {
        case .message(let message):
            let span = tracing.begin(.receive, under: incoming.trace, messages: 1)
            let isConcerned = await delivery.deliverHere([message], by: .bus, trace: span?.asParent)
            span?.end()
            guard isConcerned else { return }
            logger.info(
                "chat_message_delivered",
                metadata: ["messageId": "\(message.messageID)", "originInstanceId": "\(incoming.origin.instanceID)"]
            )
        case .kick(let kick):
            let closed = await moderation.apply(kick, by: .bus, orderedAt: incoming.eventID.time)
            var metadata: Logger.Metadata = [
                "targetUserId": "\(kick.userID)", "closed": .stringConvertible(closed),
                "originInstanceId": "\(incoming.origin.instanceID)",
            ]
            if case .revokeOne(_, let session) = kick { metadata["targetSessionId"] = "\(session)" }
            logger.info(kick.appliedEvent, metadata: metadata)
        case .chat(let event):
            do throws(StoreError) {
                try await delivery.tellHere(event)
            } catch {
                noteFailure(error, of: event, incoming)
            }
        case .presence(let event):
            await presence.receive(event)
        }
    }

    /// What an event tells is in the store too: the reconciler finds it there.
    private func noteFailure(_ error: StoreError, of event: ChatEvent, _ incoming: BusDelivery) {
        metrics.delivery.noteHandlerFailed()
        let ids: Logger.Metadata = [
            "id": "\(incoming.eventID)", "originInstanceId": "\(incoming.origin.instanceID)", "error": "\(error)",
        ]
        logger.warning("handler_failed", metadata: event.ids.merging(ids) { own, _ in own })
    }
}

extension Kick {
    fileprivate var appliedEvent: Logger.Message {
        switch self {
        case .ban: "admin_kick_ban_applied"
        case .revokeAll: "admin_kick_revoke_all_applied"
        case .revokeOne: "admin_kick_revoke_one_applied"
        }
    }
}
