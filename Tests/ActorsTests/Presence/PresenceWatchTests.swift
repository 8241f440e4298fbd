import Actors
import TestSupport
import Testing

@Suite("Watchers hear of each change once, and of a flap nothing", .timeLimit(.minutes(3)))
struct PresenceWatchTests {
    private let fixture = Fixture()
    private let one = ConnectionID(1)
    private let two = ConnectionID(2)

    private func presence(_ user: UserID, _ status: PresenceStatus) -> UserPresence {
        UserPresence(userID: user, status: status, lastSeen: nil)
    }

    /// A watch in which `one` has been told that `user` has this status.
    private func watching(_ user: UserID, _ status: PresenceStatus) -> PresenceWatch {
        var watch = PresenceWatch()
        let result1 = watch.watch([user], by: one)
        #expect(result1)
        let start = watch.readStart
        let (states, notices) = watch.answer([user], for: one, read: [user: presence(user, status)], since: start)
        #expect(states.map(\.status) == [status])
        #expect(notices.isEmpty)
        return watch
    }

    @Test("A change is told when a second has passed")
    func change() {
        let user = fixture.id(UserID.self)
        var watch = watching(user, .offline)
        watch.receive(presence(user, .online), at: nil, now: .seconds(5))
        #expect(watch.nextDeadline == .seconds(6))
        let result2 = watch.takeDue(now: .milliseconds(5_999))
        #expect(result2.isEmpty)
        let notices = watch.takeDue(now: .seconds(6))
        #expect(notices.map(\.presence.status) == [.online])
        #expect(notices.map(\.connections) == [[one]])
        #expect(watch.nextDeadline == nil)
    }

    @Test("Online, offline and online again within a second is nothing; offline twice is one")
    func flap() {
        let user = fixture.id(UserID.self)
        var watch = watching(user, .online)
        watch.receive(presence(user, .offline), at: nil, now: .zero)
        watch.receive(presence(user, .online), at: nil, now: .milliseconds(500))
        let result3 = watch.takeDue(now: .seconds(1))
        #expect(result3.isEmpty)
        watch.receive(presence(user, .offline), at: nil, now: .seconds(2))
        watch.receive(presence(user, .busy), at: nil, now: .milliseconds(2_300))
        watch.receive(presence(user, .offline), at: nil, now: .milliseconds(2_600))
        let result4 = watch.takeDue(now: .seconds(3))
        #expect(result4.map(\.presence.status) == [.offline])
        let result5 = watch.takeDue(now: .seconds(10))
        #expect(result5.isEmpty)
    }

    @Test("Nobody is told of those whom nobody watches")
    func unwatched() {
        let user = fixture.id(UserID.self)
        var watch = watching(user, .online)
        watch.receive(presence(user, .offline), at: nil, now: .zero)
        watch.unwatch([user], by: one)
        let result6 = watch.takeDue(now: .seconds(1))
        #expect(result6.isEmpty)
        let result7 = watch.takeDropped()
        #expect(result7 == [user])
        #expect(watch.subjectCount == 0)
        watch.receive(presence(user, .online), at: nil, now: .seconds(2))
        #expect(watch.nextDeadline == nil)
    }

    @Test("A connection watches 500 at most; one too many changes nothing")
    func limit() {
        var watch = PresenceWatch()
        let users = (0..<501).map { _ in fixture.id(UserID.self) }
        let result8 = watch.watch(users, by: one)
        #expect(!result8)
        #expect(watch.subjectCount == 0)
        let result9 = watch.watch(Array(users.prefix(499)), by: one)
        #expect(result9)
        let result10 = watch.watch(Array(users.suffix(2)), by: one)
        #expect(!result10)
        let result11 = watch.watch(Array(users.prefix(500)), by: one)
        #expect(result11)
        let result12 = watch.watch([users[500]], by: two)
        #expect(result12)
        watch.remove(one)
        #expect(watch.subjectCount == 1)
        watch.remove(two)
        #expect(watch.subjectCount == 0)
    }

    @Test("People in direct conversations hear of each other on all their connections")
    func contacts() {
        let user = fixture.id(UserID.self)
        let friend = fixture.id(UserID.self)
        var watch = watching(user, .offline)
        watch.addContacts([user], of: friend)
        watch.receive(presence(user, .online), at: nil, now: .zero)
        let notices = watch.takeDue(now: .seconds(1))
        #expect(notices.map(\.connections) == [[one]])
        #expect(notices.map(\.contacts) == [[friend]])
        watch.remove(one)
        #expect(watch.isWatched(user))
        watch.removeContacts(of: friend)
        #expect(!watch.isWatched(user))
    }

    @Test("A second watcher is answered with what is so, and the first is told the same before")
    func secondWatcher() {
        let user = fixture.id(UserID.self)
        var watch = watching(user, .online)
        watch.receive(presence(user, .away), at: nil, now: .zero)
        let result13 = watch.watch([user], by: two)
        #expect(result13)
        let start = watch.readStart
        let (states, notices) = watch.answer([user], for: two, read: [user: presence(user, .away)], since: start)
        #expect(states.map(\.status) == [.away])
        #expect(notices.map(\.presence.status) == [.away])
        #expect(notices.map(\.connections) == [[one]])
        let result14 = watch.takeDue(now: .seconds(1))
        #expect(result14.isEmpty)
    }

    @Test("What was heard while the directory was read is newer than its answer")
    func readRace() {
        let user = fixture.id(UserID.self)
        var watch = watching(user, .online)
        let start = watch.readStart
        watch.receive(presence(user, .offline), at: nil, now: .zero)
        watch.reconcile([presence(user, .online)], since: start, now: .zero)
        let result15 = watch.takeDue(now: .seconds(1))
        #expect(result15.map(\.presence.status) == [.offline])
    }

    @Test("A read finds what a lost event would have brought")
    func lostEvent() {
        let user = fixture.id(UserID.self)
        var watch = watching(user, .online)
        watch.reconcile([presence(user, .offline)], since: watch.readStart, now: .zero)
        let result16 = watch.takeDue(now: .seconds(1))
        #expect(result16.map(\.presence.status) == [.offline])
    }

    @Test("An event that was overtaken by a later one is dropped, unless the clock was set back")
    func order() {
        let user = fixture.id(UserID.self)
        var watch = watching(user, .offline)
        let noon = Timestamp(milliseconds: 1_767_873_600_000)
        watch.receive(presence(user, .online), at: noon, now: .zero)
        watch.receive(presence(user, .offline), at: noon.advanced(by: .milliseconds(-3)), now: .zero)
        let result17 = watch.takeDue(now: .seconds(1))
        #expect(result17.map(\.presence.status) == [.online])
        watch.receive(presence(user, .offline), at: noon.advanced(by: .seconds(-3_600)), now: .seconds(2))
        let result18 = watch.takeDue(now: .seconds(3))
        #expect(result18.map(\.presence.status) == [.offline])
    }
}
