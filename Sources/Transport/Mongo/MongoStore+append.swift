package import Actors
import Logging

extension MongoStore {
    package nonisolated(nonsending) func append(
        _ drafts: [MessageDraft],
        to conversation: ConversationID
    ) async throws(StoreError) -> [AppendOutcome] {
        if drafts.isEmpty { return [] }
        var memory = try await lanes.enter(conversation)
        let state = AppendState(drafts, to: conversation, nextSeq: memory.nextSeq, highestID: memory.highestID)
        memory.highestID = drafts.reduce(memory.highestID ?? drafts[0].messageID) { max($0, $1.messageID) }
        var attempt = AppendAttempt(state: state, memory: memory)
        let result = await finish(&attempt)
        await lanes.leave(conversation, attempt.memory)
        return try result.get()
    }

    private func finish(_ attempt: inout AppendAttempt) async -> Result<[AppendOutcome], StoreError> {
        var retry = Retry(within: patience)
        while true {
            do {
                attempt = try await groups.ask(attempt)
            } catch {
                attempt.memory.nextSeq = nil
                await oweRaise(attempt)
                return .failure(error.storeError)
            }
            switch attempt.end {
            case .done(let outcomes):
                return .success(outcomes)
            case .failed(let failure):
                await oweRaise(attempt)
                return .failure(failure.storeError)
            case .paused(let failure):
                logger?.debug("append_conflict", metadata: ["detail": .string(failure?.detail ?? "not visible yet")])
                guard await retry.pause(after: failure) else {
                    attempt.memory.nextSeq = nil
                    await oweRaise(attempt)
                    return .failure(failure?.storeError ?? StoreError(.timeout, "what another append stored did not become visible"))
                }
            }
        }
    }

    /// A conversation that was left behind is raised as soon as the server can be reached.
    private func oweRaise(_ attempt: AppendAttempt) async {
        guard let raise = attempt.openRaise else { return }
        await pendingRaises.owe(raise)
    }

    /// Inserts the messages of a group and raises what hangs on them: conversations and, where it concerns them too, memberships at the
    /// same time, which saves each append the time of a majority's disks.
    ///
    /// - Throws: where it was not begun.
    static func carryOut(_ group: AppendGroup, _ pool: ClientPool, clock: PrimaryClock?) async throws(MongoFailure) -> AppendGroup {
        var group = try await stored(group, pool, clock: clock)
        let raises = group.raises
        if raises.isEmpty { return group }
        if !raises.late.isEmpty {
            let late = raises.late
            do throws(MongoFailure) {
                try await pool.withClient { client in
                    for raise in late { try renewStamps(before: raise, client) }
                }
            } catch {
                group.raised(raises.list.map { _ in error })
                return group
            }
        }
        if raises.concernsMemberships {
            async let conversations = failures(of: raises, pool) { try $0.raiseConversations($1) }
            async let cursors = failures(of: raises, pool) { try $0.raiseReadCursors($1) }
            group.raised(zip(await conversations, await cursors).map { $0 ?? $1 })
        } else {
            group.raised(await failures(of: raises, pool) { try $0.raiseConversations($1) })
        }
        return group
    }

    private static func stored(_ group: AppendGroup, _ pool: ClientPool, clock: PrimaryClock?) async throws(MongoFailure) -> AppendGroup {
        try await pool.withClient { client in
            var group = group
            group.store(client, clock: clock)
            return group
        }
    }

    private static func failures(
        of raises: Raises,
        _ pool: ClientPool,
        _ body: @escaping @Sendable (Raises, MongoClient) throws -> [MongoFailure?]
    ) async -> [MongoFailure?] {
        do throws(MongoFailure) {
            return try await pool.withClient { try body(raises, $0) }
        } catch {
            return raises.list.map { _ in error }
        }
    }
}
