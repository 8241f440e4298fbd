import Actors
import TestSupport
import Testing

@Suite("Every store keeps channels and who belongs to them")
struct StoreChannelContract {
    private let fixture = Fixture()

    private func name(_ text: String) throws -> ChannelName {
        try #require(ChannelName(text))
    }

    @Test(arguments: StoreKind.allCases)
    func `a channel comes back as it was made, with nobody in it`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let alice = fixture.user()
            for (index, title) in StoreTextContract.texts.enumerated() {
                let channel = fixture.channel(try name("channel-\(index)"), title, by: alice)
                try await one.createChannel(channel)
                let found = try #require(try await other.channel(channel.name))
                #expect(found == ChannelSummary(channel: channel, members: 0, lastSeq: 0))
                #expect(Array(found.channel.title.utf8) == Array(title.utf8))
            }
            let rival = fixture.channel(try name("channel-0"), "other", by: fixture.user())
            let failure = await #expect(throws: StoreError.self) { try await other.createChannel(rival) }
            #expect(failure?.code == .duplicateKey)
            #expect(try await other.channel(rival.name)?.channel.title == StoreTextContract.texts[0])
            #expect(try await other.channel(name("none")) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `of many who make one channel at once, one does`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let wanted = try name("wanted")
            let wins = await withTaskGroup(of: Bool.self) { group in
                for index in 0..<12 {
                    let channel = fixture.channel(wanted, "\(index)", by: fixture.user())
                    group.addTask {
                        do throws(StoreError) {
                            try await (index.isMultiple(of: 2) ? one : other).createChannel(channel)
                            return true
                        } catch {
                            return false
                        }
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(wins == 1)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `channels are paged by their names`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let alice = fixture.user()
            _ = try await store.append([fixture.draft(from: alice)], to: .direct(UserPair(alice.userID, alice.userID)))
            _ = try await store.append([fixture.draft(from: alice)], to: .channel(try name("nobody-made-it")))
            let names = ["-", "0", "_z", "a", "a.b", "b", "zz"]
            for text in names.shuffled() { try await store.createChannel(fixture.channel(try name(text), by: alice)) }
            _ = try await store.join(try name("b"), user: alice.userID, limit: 9)
            _ = try await store.append([fixture.draft(from: alice)], to: .channel(try name("b")))
            func page(after: String? = nil, limit: Int) async throws -> [String] {
                try await store.channels(after: after.map(name), limit: limit).map(\.channel.name.description)
            }
            #expect(try await page(limit: 99) == names.sorted())
            #expect(try await page(limit: 3) == Array(names.sorted().prefix(3)))
            #expect(try await page(after: names.sorted()[2], limit: 3) == Array(names.sorted()[3..<6]))
            #expect(try await page(after: "zz", limit: 3).isEmpty)
            #expect(try await page(limit: 0).isEmpty)
            let found = try await store.channels(after: try name("a.b"), limit: 1)
            #expect(found.map(\.members) == [1])
            #expect(found.map(\.lastSeq) == [1])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `who joins is a member until leaving`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let (alice, bob, general) = (fixture.user(), fixture.user(), try name("general"))
            let channel = fixture.channel(general, "General", by: alice)
            #expect(try await one.join(general, user: alice.userID, limit: 5) == .noSuchChannel)
            #expect(try await one.leave(general, user: alice.userID) == .noSuchChannel)
            try await one.createChannel(channel)
            #expect(try await one.leave(general, user: alice.userID) == .notMember)
            #expect(try await one.isMember(alice.userID, of: general) == false)
            let joined = ChannelSummary(channel: channel, members: 1, lastSeq: 0)
            #expect(try await one.join(general, user: alice.userID, limit: 5) == .joined(joined))
            #expect(try await other.join(general, user: alice.userID, limit: 5) == .alreadyMember(joined))
            #expect(try await other.join(general, user: alice.userID, limit: 0) == .alreadyMember(joined))
            #expect(try await other.isMember(alice.userID, of: general))
            #expect(try await other.isMember(bob.userID, of: general) == false)
            #expect(try await other.channels(of: alice.userID) == [general])
            #expect(try await other.conversations(of: alice.userID, limit: 5).map(\.title) == ["General"])
            #expect(try await other.conversations(of: alice.userID, limit: 5).map(\.lastMessage) == [nil])

            #expect(try await other.leave(general, user: alice.userID) == .left)
            #expect(try await one.leave(general, user: alice.userID) == .notMember)
            #expect(try await one.isMember(alice.userID, of: general) == false)
            #expect(try await one.channels(of: alice.userID).isEmpty)
            #expect(try await one.channel(general)?.members == 0)
            #expect(try await one.members(of: general, after: nil, limit: 5).isEmpty)
            #expect(try await one.conversations(of: alice.userID, limit: 5).isEmpty)
            #expect(try await one.join(general, user: alice.userID, limit: 5) == .joined(joined))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `who joins first has read what is there, who comes back what was read before`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let (alice, bob, general) = (fixture.user(), fixture.user(), try name("general"))
            try await store.createChannel(fixture.channel(general, by: alice))
            for _ in 0..<3 { _ = try await store.append([fixture.draft(from: bob)], to: .channel(general)) }
            _ = try await store.join(general, user: alice.userID, limit: 5)
            #expect(try await store.conversations(of: alice.userID, limit: 1).map(\.readSeq) == [3])
            for _ in 0..<2 { _ = try await store.append([fixture.draft(from: bob)], to: .channel(general)) }
            _ = try await store.leave(general, user: alice.userID)
            _ = try await store.append([fixture.draft(from: bob)], to: .channel(general))
            _ = try await store.join(general, user: alice.userID, limit: 5)
            let found = try await store.conversations(of: alice.userID, limit: 1)
            #expect(found.map(\.readSeq) == [3])
            #expect(found.map(\.unread) == [3])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a channel may be made where messages are already`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let (alice, general) = (fixture.user(), try name("general"))
            _ = try await store.append([fixture.draft(from: alice)], to: .channel(general))
            try await store.createChannel(fixture.channel(general, by: alice))
            #expect(try await store.channel(general)?.lastSeq == 1)
            let next = try await store.stored(fixture.draft(from: alice), in: .channel(general))
            #expect(next.seq == 2)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `members come in pages by their ids, those of other channels don't`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let (alice, general, random) = (fixture.user(), try name("general"), try name("random"))
            for name in [general, random] { try await one.createChannel(fixture.channel(name, by: alice)) }
            let users = (0..<9).map { _ in fixture.id(UserID.self) }
            try await withThrowingTaskGroup { group in
                for (index, user) in users.enumerated() {
                    group.addTask {
                        _ = try await (index.isMultiple(of: 2) ? one : other).join(general, user: user, limit: 5)
                    }
                }
                try await group.waitForAll()
            }
            _ = try await one.join(random, user: alice.userID, limit: 5)
            _ = try await one.leave(general, user: users[4])
            let expected = users.filter { $0 != users[4] }.sorted()
            #expect(try await other.channel(general)?.members == 8)
            #expect(try await other.members(of: general, after: nil, limit: 99) == expected)
            #expect(try await other.members(of: general, after: nil, limit: 3) == Array(expected.prefix(3)))
            #expect(try await other.members(of: general, after: expected[2], limit: 3) == Array(expected[3..<6]))
            #expect(try await other.members(of: general, after: expected.last, limit: 3).isEmpty)
            #expect(try await other.members(of: general, after: nil, limit: 0).isEmpty)
            #expect(try await other.members(of: try name("none"), after: nil, limit: 3).isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `nobody is in more channels than the limit, however many are joined at once`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let alice = fixture.user()
            let names = try (0..<10).map { try name("channel-\($0)") }
            for name in names { try await one.createChannel(fixture.channel(name, by: alice)) }
            _ = try await one.append([fixture.draft(from: alice)], to: .direct(UserPair(alice.userID, alice.userID)))
            #expect(try await one.join(names[0], user: alice.userID, limit: 0) == .tooManyChannels)
            let outcomes = try await withThrowingTaskGroup(of: (ChannelName, JoinOutcome).self) { group in
                for (index, name) in names.enumerated() {
                    group.addTask {
                        (name, try await (index.isMultiple(of: 2) ? one : other).join(name, user: alice.userID, limit: 4))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let joined = outcomes.filter { if case .joined = $0.1 { true } else { false } }.map(\.0)
            #expect(outcomes.count { $0.1 == .tooManyChannels } == 10 - joined.count)
            #expect(try await other.channels(of: alice.userID) == joined.sorted())
            #expect(joined.count <= 4)
            // Of those that come at the very same moment more than necessary may be refused; one after the other, none is.
            for name in names { _ = try await other.join(name, user: alice.userID, limit: 4) }
            let mine = try await one.channels(of: alice.userID)
            #expect(mine.count == 4)
            _ = try await one.leave(mine[0], user: alice.userID)
            let free = try #require(names.first { !mine.contains($0) })
            guard case .joined = try await other.join(free, user: alice.userID, limit: 4) else {
                Issue.record("not joined")
                return
            }
            #expect(try await one.join(mine[0], user: alice.userID, limit: 4) == .tooManyChannels)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `of one user's joins at once one makes a member`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let (alice, general) = (fixture.user(), try name("general"))
            try await one.createChannel(fixture.channel(general, by: alice))
            for _ in 0..<3 {
                let outcomes = try await withThrowingTaskGroup(of: JoinOutcome.self) { group in
                    for index in 0..<8 {
                        group.addTask {
                            try await (index.isMultiple(of: 2) ? one : other).join(general, user: alice.userID, limit: 1)
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(outcomes.count { if case .joined = $0 { true } else { false } } == 1)
                #expect(outcomes.count { if case .alreadyMember = $0 { true } else { false } } == 7)
                #expect(try await one.channel(general)?.members == 1)
                let leaves = try await withThrowingTaskGroup(of: LeaveOutcome.self) { group in
                    for store in [one, other] { group.addTask { try await store.leave(general, user: alice.userID) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(Set(leaves) == [.left, .notMember])
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `joins and leaves are changes, leaves as tombstones`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let (alice, general) = (fixture.user(), try name("general"))
            try await one.createChannel(fixture.channel(general, by: alice))
            var states: [Bool] = []
            for _ in 0..<2 {
                for join in [true, false] {
                    let moment = try await StoreMoment.now(one, fixture)
                    #expect(try await moment.memberships(other).isEmpty)
                    if join {
                        _ = try await one.join(general, user: alice.userID, limit: 5)
                        _ = try await one.join(general, user: alice.userID, limit: 5)
                    } else {
                        _ = try await one.leave(general, user: alice.userID)
                        _ = try await one.leave(general, user: alice.userID)
                    }
                    let found = try await moment.memberships(other)
                    #expect(found.map(\.userID) == [alice.userID])
                    #expect(found.map(\.conversationID) == [.channel(general)])
                    states += found.map(\.isMember)
                }
            }
            #expect(states == [true, false, true, false])
        }
    }
}
