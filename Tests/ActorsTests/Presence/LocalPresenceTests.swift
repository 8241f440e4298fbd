import Actors
import TestSupport
import Testing

@Suite("An instance's users are written to the directory as they are, whatever happens meanwhile", .timeLimit(.minutes(3)))
struct LocalPresenceTests {
    private let fixture = Fixture()
    private let one = ConnectionID(1)
    private let two = ConnectionID(2)

    private var now: Timestamp { fixture.time.now() }

    private func somebody() -> PresentUser {
        let user = fixture.user()
        return PresentUser(userID: user.userID, username: user.username)
    }

    private func outcome(_ isTurningPoint: Bool, _ status: PresenceStatus = .online) -> PresenceOutcome {
        PresenceOutcome(isTurningPoint: isTurningPoint, status: status, at: now)
    }

    private func next(of local: inout LocalPresence) throws -> LocalPresence.Batch {
        let batch = local.nextBatch(limit: 10)
        return try #require(batch)
    }

    @Test("The first socket in the cluster is news, further ones are not")
    func firstSocket() throws {
        var local = LocalPresence()
        let ada = somebody()
        let bob = somebody()
        let result1 = local.open(ada, connection: one, at: now)
        #expect(result1)
        let result2 = local.open(bob, connection: two, at: now)
        #expect(result2)
        let result3 = local.nextBatch(limit: 10)
        let batch = try #require(result3)
        #expect(batch.changes.count == 2)
        let result4 = local.nextBatch(limit: 10)
        #expect(result4 == nil)
        let events = local.complete(batch, with: batch.changes.map { outcome($0.user == ada) })
        #expect(events.map(\.kind) == [.online])
        #expect(events.map(\.userID) == [ada.userID])
        let result5 = local.nextBatch(limit: 10)
        #expect(result5 == nil)
    }

    @Test("Two connections and one that went before it was written are one change")
    func merged() throws {
        var local = LocalPresence()
        let ada = somebody()
        local.open(ada, connection: one, at: now)
        local.open(ada, connection: two, at: now)
        local.close(one, of: ada.userID, at: now)
        let result6 = local.nextBatch(limit: 10)
        #expect(result6?.changes == [.online(ada, [two], status: .online)])
    }

    @Test("A user who came and went before anything was written leaves nothing to write")
    func neverWritten() {
        var local = LocalPresence()
        let ada = somebody()
        local.open(ada, connection: one, at: now)
        let result7 = local.close(one, of: ada.userID, at: now)
        #expect(result7)
        let result8 = local.nextBatch(limit: 10)
        #expect(result8 == nil)
        #expect(!local.isHere(ada.userID))
    }

    @Test("A connection that goes while it is being written is taken out again", arguments: [true, false])
    func goneMeanwhile(isAnswered: Bool) throws {
        var local = LocalPresence()
        let ada = somebody()
        local.open(ada, connection: one, at: now)
        let result9 = local.nextBatch(limit: 10)
        let batch = try #require(result9)
        local.close(one, of: ada.userID, at: now)
        if isAnswered {
            let result10 = local.complete(batch, with: [outcome(true)])
            #expect(result10.map(\.kind) == [.online])
        } else {
            local.fail(batch)
        }
        let result11 = local.nextBatch(limit: 10)
        let next = try #require(result11)
        #expect(next.changes == [.offline(ada, [one], isLastHere: true)])
        let result12 = local.complete(next, with: [outcome(true, .offline)])
        #expect(result12.map(\.kind) == [.offline])
        let result13 = local.nextBatch(limit: 10)
        #expect(result13 == nil)
    }

    @Test("Whoever comes back while the last socket is being taken out is put in again")
    func backMeanwhile() throws {
        var local = LocalPresence()
        let ada = somebody()
        local.open(ada, connection: one, at: now)
        let result14 = local.nextBatch(limit: 10)
        let first = try #require(result14)
        _ = local.complete(first, with: [outcome(true)])
        local.close(one, of: ada.userID, at: now)
        let result15 = local.nextBatch(limit: 10)
        let last = try #require(result15)
        local.open(ada, connection: two, at: now)
        let result16 = local.complete(last, with: [outcome(true, .offline)])
        #expect(result16.map(\.kind) == [.offline])
        let result17 = local.nextBatch(limit: 10)
        let again = try #require(result17)
        #expect(again.changes == [.online(ada, [two], status: .online)])
        let result18 = local.complete(again, with: [outcome(true)])
        #expect(result18.map(\.kind) == [.online])
    }

    @Test("After a flush everything is put in again, and nobody is told who was known online")
    func flushed() throws {
        var local = LocalPresence()
        let ada = somebody()
        let bob = somebody()
        local.open(ada, connection: one, at: now)
        let result19 = local.nextBatch(limit: 10)
        let first = try #require(result19)
        _ = local.complete(first, with: [outcome(true)])
        local.setStatus(.busy, of: ada.userID, at: now)
        let result20 = local.nextBatch(limit: 10)
        let second = try #require(result20)
        #expect(second.changes == [.status(ada, .busy)])
        let result21 = local.complete(second, with: [outcome(true, .busy)])
        #expect(result21.map(\.kind) == [.status])
        local.forgetWritten(wasReaped: false)
        local.open(bob, connection: two, at: now)
        let result22 = local.nextBatch(limit: 10)
        let again = try #require(result22)
        #expect(Set(again.changes) == [.online(ada, [one], status: .busy), .online(bob, [two], status: .online)])
        let events = local.complete(again, with: again.changes.map { outcome(true, $0.user == ada ? .busy : .online) })
        #expect(events.map(\.userID) == [bob.userID])
    }

    @Test("After it was reaped everybody is news again")
    func reaped() throws {
        var local = LocalPresence()
        let ada = somebody()
        local.open(ada, connection: one, at: now)
        let result23 = local.nextBatch(limit: 10)
        let first = try #require(result23)
        _ = local.complete(first, with: [outcome(true)])
        local.forgetWritten(wasReaped: true)
        let result24 = local.nextBatch(limit: 10)
        let again = try #require(result24)
        let result25 = local.complete(again, with: [outcome(true)])
        #expect(result25.map(\.kind) == [.online])
    }

    @Test("Whoever has gone before it is known that the instance was reaped is still taken out: the reaper may not have come so far")
    func goneWhileReaped() throws {
        var local = LocalPresence()
        let ada = somebody()
        local.open(ada, connection: one, at: now)
        _ = local.complete(try next(of: &local), with: [outcome(true)])
        local.close(one, of: ada.userID, at: now)
        local.forgetWritten(wasReaped: true)
        let last = try next(of: &local)
        #expect(last.changes == [.offline(ada, [one], isLastHere: true)])
        _ = local.complete(last, with: [outcome(true, .offline)])
        #expect(!local.hasUnwritten)
    }

    @Test("Who is said to be offline and is here is put in again, and told where the directory had lost it", arguments: [true, false])
    func saidToBeOffline(wasLost: Bool) throws {
        var local = LocalPresence()
        let ada = somebody()
        local.open(ada, connection: one, at: now)
        _ = local.complete(try next(of: &local), with: [outcome(true)])
        let event = PresenceEvent(kind: .offline, userID: ada.userID, username: ada.username, status: .offline, timestamp: now)
        let isBelieved = local.receive(event)
        #expect(!isBelieved)
        let again = try next(of: &local)
        #expect(again.changes == [.online(ada, [one], status: .online)])
        let told = local.complete(again, with: [outcome(wasLost)])
        #expect(told.map(\.kind) == (wasLost ? [.online] : []))
        // From now on it is known again.
        local.rewrite([ada.userID])
        let toldAgain = local.complete(try next(of: &local), with: [outcome(true)])
        #expect(toldAgain.isEmpty)
    }

    @Test("A user with a connection here is not told to be offline, and put in again if that is the answer", arguments: [true, false])
    func offlineWhileHere(wasLost: Bool) throws {
        var local = LocalPresence()
        let ada = somebody()
        local.open(ada, connection: one, at: now)
        _ = local.complete(try next(of: &local), with: [outcome(true)])
        local.open(ada, connection: two, at: now)
        local.close(one, of: ada.userID, at: now)
        let change = try next(of: &local)
        #expect(change.changes == [.online(ada, [two], status: .online), .offline(ada, [one], isLastHere: false)])
        let told = local.complete(change, with: [outcome(true), outcome(true, .offline)])
        #expect(told.isEmpty)
        let again = try next(of: &local)
        #expect(again.changes == [.online(ada, [two], status: .online)])
        let toldAgain = local.complete(again, with: [outcome(wasLost)])
        #expect(toldAgain.map(\.kind) == (wasLost ? [.online] : []))
        #expect(!local.hasUnwritten)
    }

    @Test("An answer to what was asked before a flush counts for nothing")
    func lateAnswer() throws {
        var local = LocalPresence()
        let ada = somebody()
        local.open(ada, connection: one, at: now)
        let result26 = local.nextBatch(limit: 10)
        let batch = try #require(result26)
        local.forgetWritten(wasReaped: false)
        let result27 = local.complete(batch, with: [outcome(true)])
        #expect(result27.isEmpty)
        let result28 = local.nextBatch(limit: 10)
        let again = try #require(result28)
        #expect(again.changes == [.online(ada, [one], status: .online)])
        let result29 = local.complete(again, with: [outcome(true)])
        #expect(result29.map(\.kind) == [.online])
    }

    @Test("Another session finds the status that was chosen; a new beginning is online")
    func status() throws {
        var local = LocalPresence()
        let ada = somebody()
        local.open(ada, connection: one, at: now)
        local.setStatus(.away, of: ada.userID, at: now)
        local.open(ada, connection: two, at: now)
        #expect(local.record(of: ada.userID)?.status == .away)
        local.close(one, of: ada.userID, at: now)
        #expect(local.record(of: ada.userID)?.status == .away)
        local.close(two, of: ada.userID, at: now)
        local.open(ada, connection: one, at: now)
        #expect(local.record(of: ada.userID)?.status == .online)
    }

    @Test("Who is missing in the directory's list is put in again, and who is on it and has gone is taken out and told")
    func compared() throws {
        var local = LocalPresence()
        let (ada, bob, carol) = (somebody(), somebody(), somebody())
        local.open(ada, connection: one, at: now)
        local.open(bob, connection: two, at: now)
        let first = try next(of: &local)
        _ = local.complete(first, with: first.changes.map { _ in outcome(true) })
        let gone = local.compare(withListed: [bob.userID, carol.userID])
        #expect(gone == [carol.userID])
        local.takeOut([carol], at: now)
        let batch = try next(of: &local)
        #expect(
            Set(batch.changes) == [.online(ada, [one], status: .online), .offline(carol, [], isLastHere: true)]
        )
        let events = local.complete(batch, with: batch.changes.map { _ in outcome(true) })
        // Ada was known to be online.
        #expect(events.map(\.kind) == [.offline])
        #expect(events.map(\.userID) == [carol.userID])
        #expect(!local.hasUnwritten)
        #expect(local.compare(withListed: [ada.userID, bob.userID]).isEmpty)
        #expect(!local.hasUnwritten)
    }

    @Test("Who comes back before being taken out stays, and is told nobody")
    func backBeforeTakenOut() throws {
        var local = LocalPresence()
        let ada = somebody()
        local.takeOut([ada], at: now)
        local.open(ada, connection: one, at: now)
        let batch = try next(of: &local)
        #expect(batch.changes == [.online(ada, [one], status: .online)])
        let events = local.complete(batch, with: [outcome(false)])
        #expect(events.isEmpty)
        #expect(!local.hasUnwritten)
    }

    @Test("Users take turns in being refreshed, each once in a round")
    func refresh() throws {
        var local = LocalPresence()
        let users = (0..<100).map { _ in somebody() }
        for (index, user) in users.enumerated() { local.open(user, connection: ConnectionID(UInt64(index)), at: now) }
        let result30 = local.nextBatch(limit: 1_000)
        let batch = try #require(result30)
        _ = local.complete(batch, with: batch.changes.map { _ in outcome(true) })
        let turns = (5..<15).map { local.usersToRefresh(heartbeat: $0, slots: 10) }
        #expect(turns.flatMap { $0 }.count == 100)
        #expect(Set(turns.flatMap { $0 }) == Set(users.map(\.userID)))
        #expect(turns.allSatisfy { $0.count < 40 })
    }
}
