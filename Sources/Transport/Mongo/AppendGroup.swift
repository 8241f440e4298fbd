import Actors

/// Appends to different conversations that are carried out together: one ordered insert of all their messages, one update of all their
/// conversations. What stops one of them is no matter of the others.
struct AppendGroup: Sendable {
    private(set) var attempts: [AppendAttempt]
    /// How many messages each insert held.
    private(set) var insertSizes: [Int] = []

    init(_ attempts: [AppendAttempt]) {
        self.attempts = attempts
        for place in self.attempts.indices { self.attempts[place].begin() }
    }

    /// Looks up and inserts, until each append is done, has failed, must wait, or waits to be raised.
    ///
    /// - Parameter clock: gives the messages their stamps; nil where the server does.
    mutating func store(_ client: MongoClient, clock: PrimaryClock?) {
        while true {
            for place in attempts.indices { attempts[place].advance(client) }
            let inserts = attempts.enumerated().compactMap { place, attempt -> (place: Int, messages: [Message])? in
                if case .insert(let messages) = attempt.sharedStep { (place, messages) } else { nil }
            }
            if inserts.isEmpty { return }
            insert(inserts, client, clock)
        }
    }

    /// What is to be raised now.
    var raises: Raises {
        var raises = Raises()
        for attempt in attempts {
            guard case .raise(let raise) = attempt.sharedStep else { continue }
            raises.append(raise, mayLackMembers: !attempt.memory.hasMembers, isLate: attempt.isRaisedLate)
        }
        return raises
    }

    /// - Parameter failures: of each raise, nil where it is done.
    mutating func raised(_ failures: [MongoFailure?]) {
        var failures = failures[...]
        for place in attempts.indices {
            guard case .raise = attempts[place].sharedStep, let failure = failures.popFirst() else { continue }
            if let failure {
                attempts[place].stopped(by: failure)
            } else {
                attempts[place].raised()
            }
        }
    }

    private mutating func insert(_ inserts: [(place: Int, messages: [Message])], _ client: MongoClient, _ clock: PrimaryClock?) {
        let reply: InsertReply
        do {
            let stamp = try clock?.stamp(client) ?? Stamp(0)
            let documents = inserts.flatMap { $0.messages.map { $0.document(stamp: stamp) } }
            insertSizes.append(documents.count)
            reply = try client.insert(documents, into: MongoSchema.messages)
        } catch {
            let failure = MongoFailure(wrapping: error)
            for (place, _) in inserts { attempts[place].stopped(by: failure) }
            return
        }
        var start = 0
        for (place, messages) in inserts {
            let end = start + messages.count
            if let failure = reply.failure, failure.kind == .unreachable, reply.insertedCount == 0 {
                // Nothing was sent: the step stays the same.
                attempts[place].stopped(by: failure)
            } else {
                attempts[place].inserted(reply.part(start..<end))
            }
            start = end
        }
    }
}

/// Group commit over conversations.
typealias AppendGroups = RequestGroups<AppendAttempt, AppendAttempt, MongoFailure>

extension AppendGroups {
    /// - Parameters:
    ///   - waitingLimit: how many appends may wait; past it they are refused as `.overloaded`.
    ///   - performGroup: carries a group out.
    init(
        concurrency: Int = 4,
        waitingLimit: Int,
        performGroup: @escaping @Sendable (AppendGroup) async throws(MongoFailure) -> AppendGroup
    ) {
        // So many messages that an insert stays far below the 48 MB of a command.
        self.init(concurrency: concurrency, groupLimit: 1_000, waitingLimit: waitingLimit, weight: \.draftCount) {
            attempts throws(MongoFailure) in
            try await performGroup(AppendGroup(attempts)).attempts
        }
    }
}

extension MongoFailure: RequestGroupFailure {
    static func overloaded(waiting: Int) -> MongoFailure { MongoFailure(.overloaded, "\(waiting) appends wait already") }

    static var unanswered: MongoFailure { MongoFailure(.other, "an append of a group has no outcome") }

    /// A group that fails as a whole was not begun.
    var mayConcernOne: Bool { false }
}

extension InsertReply {
    /// What a reply says of some of the documents; nil where they were not tried, since one before them was refused.
    func part(_ range: Range<Int>) -> InsertReply? {
        guard let failure else { return InsertReply(insertedCount: range.count, failure: nil) }
        guard isOfOneDocument else { return InsertReply(insertedCount: 0, failure: failure) }
        if insertedCount >= range.upperBound { return InsertReply(insertedCount: range.count, failure: nil) }
        guard insertedCount >= range.lowerBound else { return nil }
        return InsertReply(insertedCount: insertedCount - range.lowerBound, failure: failure, isOfOneDocument: true)
    }
}
