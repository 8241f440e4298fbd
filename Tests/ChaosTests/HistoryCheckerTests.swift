import Testing

@testable import App

@Suite("The judge of a chaos run finds what is wrong")
struct HistoryCheckerTests {
    private static let room = "ch:room"

    /// Two people and three messages that both saw, the first one's own as an ACK.
    private func history() -> History {
        let stored = (1...3).map { StoredMessage(seq: $0, messageID: "m\($0)", senderID: $0 == 2 ? "ada" : "bob") }
        var ada = ClientHistory(userID: "ada", conversations: [Self.room], connections: [connection()])
        var bob = ClientHistory(userID: "bob", conversations: [Self.room], connections: [connection()])
        ada.connections[0].events = [received(1), acknowledged(2, key: "a"), received(3)]
        bob.connections[0].events = [acknowledged(1, key: "b"), received(2), acknowledged(3, key: "c")]
        return History(clients: [ada, bob], stored: [Self.room: stored])
    }

    private func connection(
        _ instance: Int = 0,
        session: String = "s",
        loggedInAt: Duration = .zero,
        cursors: [String: Int64] = [Self.room: 0]
    ) -> ConnectionHistory {
        ConnectionHistory(
            instance: instance,
            sessionID: session,
            logInAskedAt: loggedInAt,
            loggedInAt: loggedInAt,
            welcomedAt: loggedInAt,
            cursors: cursors
        )
    }

    private func received(_ seq: Int64, at: Duration = .seconds(1)) -> ClientEvent {
        ClientEvent(at: at, kind: .received(conversation: Self.room, seq: seq, messageID: "m\(seq)"))
    }

    private func acknowledged(_ seq: Int64, key: String, at: Duration = .seconds(1)) -> ClientEvent {
        ClientEvent(at: at, kind: .acknowledged(conversation: Self.room, seq: seq, messageID: "m\(seq)", clientMessageID: key))
    }

    private func ban(answeredAt: Duration = .seconds(10), liftedAt: Duration? = nil) -> KickRecord {
        KickRecord(
            action: .ban,
            client: 0,
            sessionID: "s",
            requestedAt: .seconds(9),
            answeredAt: answeredAt,
            instance: 0,
            effectiveUntil: answeredAt,
            liftedAt: liftedAt
        )
    }

    private func findings(_ change: (inout History) -> Void) -> HistoryChecker.Findings {
        var history = history()
        change(&history)
        return HistoryChecker(history: history).check()
    }

    @Test("A history in which all is well is clean")
    func clean() {
        #expect(findings { _ in }.isEmpty)
    }

    @Test("A message that never came, and one that came after others only, are told apart")
    func loss() {
        let lost = findings { $0.clients[0].connections[0].events.removeLast() }
        #expect(lost.lost == ["client 0 never saw ch:room 3"])
        #expect(lost.twice.isEmpty && lost.outOfOrder.isEmpty)
        let hole = findings { $0.clients[0].connections[0].events = [acknowledged(2, key: "a"), received(3)] }
        #expect(hole.lost == ["client 0 never saw ch:room 1"])
        #expect(hole.outOfOrder == ["client 0, connection 0: ch:room 3 came before 1"])
    }

    @Test("What was acknowledged and is not stored is lost")
    func lostInTheStore() {
        let shorter = findings { _ = $0.stored[Self.room]?.removeLast() }
        #expect(shorter.lost == ["client 1: c, acknowledged as ch:room 3, is not stored"])
        let replaced = findings { $0.stored[Self.room]?[1] = StoredMessage(seq: 2, messageID: "other", senderID: "ada") }
        #expect(replaced.lost.contains("client 0: a, acknowledged as ch:room 2, is not stored"))
        let holed = findings { _ = $0.stored[Self.room]?.remove(at: 1) }
        #expect(holed.lost.contains("ch:room: number 3 stands where 2 should"))
    }

    @Test("A message that came twice is found: on one connection, after its ACK, below the cursor of a SYNC")
    func twice() {
        let again = findings { $0.clients[0].connections[0].events.append(received(3)) }
        #expect(again.twice == ["client 0, connection 0: ch:room 3 came twice"])
        let afterACK = findings {
            $0.clients[0].connections[0].events = [received(1), acknowledged(2, key: "a"), received(2), received(3)]
        }
        #expect(afterACK.twice == ["client 0, connection 0: ch:room 2 came after its ACK"])
        let replayed = findings { history in
            var next = connection(cursors: [Self.room: 3])
            next.events = [received(3)]
            history.clients[0].connections.append(next)
        }
        #expect(replayed.twice == ["client 0, connection 1: ch:room 3 came, the client had everything up to 3"])
    }

    @Test("What a SYNC asked for again is not twice")
    func replay() {
        let again = findings { history in
            var next = connection(cursors: [Self.room: 1])
            next.events = [received(2), received(3)]
            history.clients[0].connections.append(next)
        }
        #expect(again.isEmpty)
    }

    @Test("One key that became two messages is found")
    func twoMessagesOfOneKey() {
        let found = findings { $0.clients[1].connections[0].events = [acknowledged(1, key: "b"), received(2), acknowledged(3, key: "b")] }
        #expect(found.twice == ["client 1: b was acknowledged as two messages"])
    }

    @Test("Two messages that changed places are found")
    func swap() {
        let found = findings { $0.clients[0].connections[0].events = [received(1), received(3), received(2)] }
        #expect(found.outOfOrder.contains("client 0, connection 0: ch:room 2 came after 3"))
    }

    @Test("A close as kicked that no kick meant is found; one that a ban meant is not")
    func wrongClose() {
        let close = ClientEvent(at: .seconds(11), kind: .closed(code: 4003, reason: "ACCOUNT_SUSPENDED"))
        let unmeant = findings { $0.clients[0].connections[0].events.append(close) }
        #expect(unmeant.wrongCloses.count == 1)
        let meant = findings {
            $0.clients[0].connections[0].events.append(close)
            $0.kicks = [ban()]
        }
        #expect(meant.isEmpty)
        let later = findings { history in
            var next = connection(loggedInAt: .seconds(20), cursors: [Self.room: 3])
            next.events = [close]
            history.clients[0].connections.append(next)
            history.kicks = [ban(liftedAt: .seconds(15))]
        }
        #expect(later.wrongCloses.count == 1)
    }

    @Test("A message written after the answer to a ban is found, and is later than the promise")
    func afterBan() throws {
        var history = history()
        history.kicks = [ban()]
        history.clients[0].connections[0].events.append(received(4, at: .seconds(12)))
        let kick = try #require(DelayAnalysis(history: history).kicks().first)
        #expect(kick.condition == .here)
        #expect(kick.delay == .seconds(2))
        let plan = ChaosRun.Plan(seed: 0, length: .seconds(1), database: .sqlite)
        #expect(!ChaosReport(plan: plan, history: history, crashes: []).isClean)
    }

    @Test("What a kicked session saw in a fault counts from the time at which its instance could be reached again")
    func afterBanInFault() throws {
        var history = history()
        history.kicks = [ban()]
        history.clients[0].connections.append(connection(1, cursors: [Self.room: 3]))
        history.clients[0].connections[1].events = [received(4, at: .seconds(14))]
        #expect(DelayAnalysis(history: history).kicks().map(\.condition) == [.healthy])
        history.faults = [FaultRecord(kind: .instanceFreeze, instance: 1, began: .seconds(9), ended: .seconds(13))]
        let kick = try #require(DelayAnalysis(history: history).kicks().first)
        #expect(kick.condition == .faulty)
        #expect(kick.delay == .seconds(1))
        history.faults = [FaultRecord(kind: .redisKill, instance: nil, began: .seconds(9), ended: .seconds(13))]
        #expect(DelayAnalysis(history: history).kicks().first?.delay == .seconds(4))
    }

    @Test("A session that began after the ban was lifted may live; one that began before may not")
    func afterLifting() {
        var history = history()
        history.kicks = [ban(liftedAt: .seconds(20))]
        history.clients[0].connections.append(connection(1, session: "t", loggedInAt: .seconds(21), cursors: [Self.room: 3]))
        history.clients[0].connections[1].events = [received(4, at: .seconds(22))]
        #expect(DelayAnalysis(history: history).kicks().isEmpty)
        history.clients[0].connections[1] = connection(1, session: "t", loggedInAt: .seconds(15), cursors: [Self.room: 3])
        history.clients[0].connections[1].events = [received(4, at: .seconds(22))]
        #expect(DelayAnalysis(history: history).kicks().map(\.delay) == [.seconds(12)])
    }

    @Test("An HTTP request that a banned person's token opened is found")
    func admittedRequest() {
        var history = history()
        history.kicks = [ban()]
        history.clients[0].admittedRequests = [AdmittedRequest(sessionID: "s", instance: 2, askedAt: .seconds(13))]
        #expect(DelayAnalysis(history: history).kicks().map(\.delay) == [.seconds(3)])
    }

    @Test("How late a message was counts from its ACK, and after a fault from the fault's end")
    func deliveryDelay() {
        var history = history()
        history.clients[0].connections[0].events[2] = received(3, at: .seconds(4))
        let late = DelayAnalysis(history: history).deliveries().max { $0.delay < $1.delay }
        #expect(late?.condition == .healthy)
        #expect(late?.delay == .seconds(3))
        history.faults = [FaultRecord(kind: .instanceFreeze, instance: 0, began: .milliseconds(1_500), ended: .milliseconds(3_500))]
        let recovered = DelayAnalysis(history: history).deliveries().max { $0.delay < $1.delay }
        #expect(recovered?.condition == .recovery)
        #expect(recovered?.delay == .milliseconds(500))
    }
}
