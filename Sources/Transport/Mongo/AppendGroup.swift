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

    /// Goes on until each append is done, has failed, or must wait.
    ///
    /// - Parameter fillsStamps: whether the server gives the messages their stamps when they are inserted.
    mutating func run(_ client: MongoClient, fillsStamps: Bool) {
        while true {
            for place in attempts.indices { attempts[place].advance(client) }
            var inserts: [(place: Int, messages: [Message])] = []
            var raises: [(place: Int, raise: AppendRaise)] = []
            for (place, attempt) in attempts.enumerated() {
                switch attempt.sharedStep {
                case .insert(let messages): inserts.append((place, messages))
                case .raise(let raise): raises.append((place, raise))
                case nil: break
                }
            }
            if inserts.isEmpty, raises.isEmpty { return }
            if !inserts.isEmpty { insert(inserts, client, fillsStamps: fillsStamps) }
            if !raises.isEmpty { raise(raises, client) }
        }
    }

    private mutating func insert(_ inserts: [(place: Int, messages: [Message])], _ client: MongoClient, fillsStamps: Bool) {
        let reply: InsertReply
        do {
            let stamp = fillsStamps ? Stamp(0) : try client.serverTime()
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

    private mutating func raise(_ raises: [(place: Int, raise: AppendRaise)], _ client: MongoClient) {
        let failures: [MongoFailure?]
        do {
            let newcomers = Set(raises.filter { !attempts[$0.place].memory.hasMembers }.map(\.raise.conversation))
            failures = try MongoStore.raise(raises.map(\.raise), makingMembersOf: newcomers, client)
        } catch {
            failures = raises.map { _ in MongoFailure(wrapping: error) }
        }
        for ((place, _), failure) in zip(raises, failures) {
            if let failure {
                attempts[place].stopped(by: failure)
            } else {
                attempts[place].raised()
            }
        }
    }
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
