import Logging

/// An actor that delivers conversations: it holds their cursors and its sessions' standings, so that both change in one step.
package protocol FeedOwner: Actor {
    /// What a fill has to ask for next; nil where nothing is missing any more, and then the fill is over.
    func nextQuestion(in conversation: ConversationID) -> Cursor<Message>.Question?

    /// The stamp at which deliveries of a conversation begin that nothing is known of.
    var start: Stamp? { get }

    /// The store has said where the deliveries begin.
    func locate(_ conversation: ConversationID, at position: Int64)

    /// The store has brought messages.
    ///
    /// - Returns: how many were delivered.
    func fill(_ conversation: ConversationID, with messages: [Message]) -> Int

    /// The messages of a conversation as they are by what has been told here, which may be later than what was read.
    func latest(_ messages: [Message], in conversation: ConversationID) -> [Message]

    /// The store has brought messages for one session that is behind, ascending, the first of them the next one that it lacks. It is
    /// written them, and is live when it has caught up.
    ///
    /// - Parameter lastSeq: the conversation's newest number as the store said when the session came.
    /// - Returns: the number up to which the session has everything; nil where it is live or has gone.
    func advance(_ connection: ConnectionID, in conversation: ConversationID, with messages: [Message], lastSeq: Int64) -> Int64?

    /// Has a session go live in a conversation whatever it lacks.
    ///
    /// - Returns: the number above which it is live.
    func skip(_ connection: ConnectionID, in conversation: ConversationID, lastSeq: Int64) -> Int64
}

extension FeedOwner {
    /// Reads what is missing until nothing is. While the store doesn't answer, or doesn't show yet what is known to exist, it asks again,
    /// less and less often.
    func fill(_ conversation: ConversationID, environment: DeliveryEnvironment) async {
        var generator = environment.random
        // As often as the reconciler: what is missing is not to come much later than the store is back.
        var backoff = Backoff(limit: Reconciler.interval)
        var count = 0
        while !Task.isCancelled, let question = nextQuestion(in: conversation) {
            guard !environment.freshness.isStale else {
                try? await environment.time.sleep(for: backoff.next(using: &generator))
                continue
            }
            do throws(StoreError) {
                switch question {
                case .position:
                    let position = try await environment.store.lastSeq(in: conversation, at: start ?? .latest)
                    // The process may have stood still meanwhile.
                    if environment.freshness.isStale { continue }
                    locate(conversation, at: position)
                    backoff.reset()
                    continue
                case .messages(let after):
                    let page = try await environment.store.messages(in: conversation, before: nil, after: after, limit: 200)
                    if environment.freshness.isStale { continue }
                    let filled = fill(conversation, with: page.messages)
                    count += filled
                    if filled > 0 {
                        backoff.reset()
                        continue
                    }
                }
            } catch {
                environment.logger.debug("fill_failed", metadata: ["conversationId": "\(conversation)", "error": "\(error)"])
            }
            try? await environment.time.sleep(for: backoff.next(using: &generator))
        }
        guard count > 0 else { return }
        environment.metrics.reconciler.noteFilled(count)
        environment.logger.info("gap_filled", metadata: ["conversationId": "\(conversation)", "count": .stringConvertible(count)])
    }
}
