import Actors
import TestSupport

extension SimulatedStore {
    private var truth: InMemoryStore { core.truth }

    func watermark() async throws(StoreError) -> Stamp {
        try await ask { () async throws(StoreError) in core.shown(try await truth.watermark()) }
    }

    func changedConversations(after position: ChangePosition, limit: Int) async throws(StoreError) -> ChangePage<ConversationChange> {
        try await ask { () async throws(StoreError) in
            let page = try await truth.changedConversations(after: position, limit: limit)
            guard core.mutation != .reconcilerOff else { return ChangePage(changes: [], next: nil) }
            return ChangePage(changes: page.changes.compactMap { core.shown($0, after: position) }, next: page.next)
        }
    }

    func changedMemberships(after position: ChangePosition, limit: Int) async throws(StoreError) -> ChangePage<MembershipChange> {
        try await ask { () async throws(StoreError) in
            let page = try await truth.changedMemberships(after: position, limit: limit)
            return core.mutation == .reconcilerOff ? ChangePage(changes: [], next: nil) : page
        }
    }

    func kickedUsers(after position: ChangePosition, limit: Int) async throws(StoreError) -> ChangePage<UserKickChange> {
        try await ask { () async throws(StoreError) in
            let page = try await truth.kickedUsers(after: position, limit: limit)
            guard core.mutation != .kicksByBusAlone else { return ChangePage(changes: [], next: nil) }
            return ChangePage(changes: page.changes.filter { !core.halfBanned.contains($0.userID) }, next: page.next)
        }
    }

    func kickedSessions(after position: ChangePosition, limit: Int) async throws(StoreError) -> ChangePage<SessionKickChange> {
        try await ask { () async throws(StoreError) in
            let page = try await truth.kickedSessions(after: position, limit: limit)
            return core.mutation == .kicksByBusAlone ? ChangePage(changes: [], next: nil) : page
        }
    }

    func updatedMessages(
        in ids: [ConversationID],
        after position: ChangePosition,
        limit: Int
    ) async throws(StoreError) -> ChangePage<Message> {
        try await ask { () async throws(StoreError) in
            try await truth.updatedMessages(in: ids, after: position, limit: limit)
        }
    }

    func updates(for user: UserID, after position: UpdatesPosition, limit: Int) async throws(StoreError) -> UpdatesPage {
        try await ask { () async throws(StoreError) in
            try await truth.updates(for: user, after: position, limit: limit)
        }
    }

    func missed(
        by user: UserID,
        cursors: [ConversationID: Int64],
        since stamp: Stamp?
    ) async throws(StoreError) -> (conversations: [MissedConversation], watermark: Stamp) {
        try await ask { () async throws(StoreError) in
            let raisedSeqs = core.raisedSeqs
            let (missed, watermark) = try await truth.missed(by: user, cursors: cursors, since: stamp, raisedTo: raisedSeqs)
            return (missed, core.shown(watermark))
        }
    }
}
