import Actors
import TestSupport
import Testing
import Transport

@Suite("What an instance wants to hear and what Redis has confirmed")
struct BusSubscriptionsTests {
    private typealias Subscriptions = BusSubscriptions<String>

    private static let user = UserID(high: 1, low: 1)
    private let topic = BusTopic.user(user)
    private let presence = BusTopic.presence(user)

    private func connected(_ subscriptions: Subscriptions = Subscriptions()) -> Subscriptions {
        var subscriptions = subscriptions
        _ = subscriptions.beginSubscribing()
        _ = subscriptions.connected()
        return subscriptions
    }

    /// Answers for each channel of a command; who is told.
    private func answer(_ commands: [Subscriptions.Command], to subscriptions: inout Subscriptions) -> (waiters: [String], late: [BusTopic])
    {
        var told: (waiters: [String], late: [BusTopic]) = ([], [])
        for command in commands {
            let channels =
                switch command {
                case .subscribe(let channels), .unsubscribe(let channels): channels
                }
            for channel in channels {
                let (waiters, late) = subscriptions.answered(channel)
                told.waiters += waiters
                if let late { told.late.append(late) }
            }
        }
        return told
    }

    @Test func topicsHaveTheirChannels() throws {
        let name = try #require(ChannelName("a_.-9"))
        #expect(topic.channels == ["chat.message:\(Self.user)", "chat_events:\(Self.user)"])
        #expect(BusTopic.channel(name).channels == ["chat.message:ch:a_.-9", "chat_events:ch:a_.-9"])
        #expect(presence.channels == ["presence_events:\(Self.user)"])
        for topic in [topic, .channel(name), presence] {
            for channel in topic.channels { #expect(BusTopic(channel: channel) == topic) }
        }
        for channel in [
            "", ":", "chat.message", "chat.message:", "chat_events:x", "presence_events:ch:a", "admin.kick:\(Self.user)",
            "probe:\(Self.user)",
            "chat.message:\(Self.user):", "chat.message:ch:A",
        ] { #expect(BusTopic(channel: channel) == nil) }
    }

    @Test func eventsGoToWhomTheyConcern() throws {
        func names(_ event: BusEvent, _ routing: BusRouting = .targeted) -> [String] { BusChannel.names(for: event, routing: routing) }
        let (one, two) = (Self.user, UserID(high: 1, low: 2))
        let name = try #require(ChannelName("a"))
        let direct = ConversationID.direct(UserPair(one, two))
        #expect(names(.message(Sample.message(in: direct, from: two))) == ["chat.message:\(one)", "chat.message:\(two)"])
        #expect(names(.message(Sample.message(in: .direct(UserPair(one, one)), from: one))) == ["chat.message:\(one)"])
        #expect(names(.message(Sample.message(in: .channel(name), from: one))) == ["chat.message:ch:a"])
        #expect(names(.chat(.typing(direct, one, isTyping: true))) == ["chat_events:\(one)", "chat_events:\(two)"])
        #expect(names(.chat(.typing(.channel(name), one, isTyping: true))) == ["chat_events:ch:a"])
        #expect(names(.chat(.membership(name, one, isMember: true))) == ["chat_events:ch:a", "chat_events:\(one)"])
        let online = PresenceEvent(kind: .online, userID: one, username: "a", status: .online, timestamp: Timestamp(milliseconds: 0))
        #expect(names(.presence(online)) == ["presence_events:\(one)"])
        #expect(names(.kick(.ban(one, authEpoch: 1))) == ["admin.kick"])
        #expect(names(.message(Sample.message(in: direct, from: two)), .broadcast) == ["chat.message"])
        #expect(names(.chat(.membership(name, one, isMember: true)), .broadcast) == ["chat_events"])
        #expect(names(.presence(online), .broadcast) == ["presence_events"])
    }

    @Test func whoeverFollowsWaitsForTheLastConfirmation() {
        var subscriptions = connected()
        #expect(subscriptions.follow(topic) { "a" }?.waiter == "a")
        #expect(subscriptions.follow(topic) { "b" }?.waiter == "b")
        #expect(subscriptions.nextCommands() == [.subscribe(topic.channels)])
        #expect(subscriptions.nextCommands() == [])
        #expect(!subscriptions.hears(topic))
        #expect(subscriptions.answered(topic.channels[0]).waiters == [])
        let (waiters, late) = subscriptions.answered(topic.channels[1])
        #expect(waiters == ["a", "b"] && late == nil)
        #expect(subscriptions.hears(topic))
        #expect(subscriptions.follow(topic) { "c" } == nil)
        #expect(subscriptions.answered(topic.channels[1]) == ([], nil))
    }

    @Test func theLastToLeaveEndsIt() {
        var subscriptions = connected()
        _ = subscriptions.follow(topic) { "a" }
        _ = subscriptions.follow(topic) { "b" }
        _ = answer(subscriptions.nextCommands(), to: &subscriptions)
        _ = subscriptions.unfollow(topic)
        #expect(subscriptions.nextCommands() == [] && subscriptions.hears(topic))
        _ = subscriptions.unfollow(topic)
        #expect(subscriptions.nextCommands() == [.unsubscribe(topic.channels)])
        #expect(!subscriptions.hears(topic) && subscriptions.count == 0)
        _ = subscriptions.unfollow(topic)
        _ = subscriptions.unfollow(presence)
        #expect(subscriptions.nextCommands() == [])
    }

    @Test func leftAndFollowedBeforeAnythingIsSentNothingIsSent() {
        var subscriptions = connected()
        _ = subscriptions.follow(topic) { "a" }
        _ = answer(subscriptions.nextCommands(), to: &subscriptions)
        _ = subscriptions.unfollow(topic)
        #expect(subscriptions.follow(topic) { "b" } == nil)
        #expect(subscriptions.nextCommands() == [] && subscriptions.hears(topic))
        _ = subscriptions.follow(presence) { "c" }
        _ = subscriptions.unfollow(presence)
        #expect(subscriptions.nextCommands() == [] && !subscriptions.hears(presence))
    }

    @Test func leftAndFollowedWhileAnswersAreOnTheWayItEndsSubscribed() {
        var subscriptions = connected()
        _ = subscriptions.follow(topic) { "a" }
        var commands = subscriptions.nextCommands()
        #expect(subscriptions.unfollow(topic) == ["a"])
        commands += subscriptions.nextCommands()
        #expect(subscriptions.follow(topic) { "b" }?.waiter == "b")
        commands += subscriptions.nextCommands()
        #expect(commands == [.subscribe(topic.channels), .unsubscribe(topic.channels), .subscribe(topic.channels)])
        #expect(answer(Array(commands.dropLast()), to: &subscriptions).waiters == [])
        #expect(!subscriptions.hears(topic))
        #expect(answer([commands[2]], to: &subscriptions).waiters == ["b"])
        #expect(subscriptions.hears(topic) && subscriptions.count == 1)
    }

    @Test func aConfirmationAfterTheWaitIsLate() throws {
        var subscriptions = connected()
        let waiting = try #require(subscriptions.follow(topic) { "a" })
        let commands = subscriptions.nextCommands()
        subscriptions.giveUp(waiting.id, on: topic)
        let (waiters, late) = answer(commands, to: &subscriptions)
        #expect(waiters == [] && late == [topic])
        subscriptions.giveUp(waiting.id, on: topic)
        #expect(subscriptions.hears(topic))
    }

    @Test func nobodyIsToldOfWhatNobodyFollowsAnyMore() throws {
        var subscriptions = connected()
        let waiting = try #require(subscriptions.follow(topic) { "a" })
        let commands = subscriptions.nextCommands()
        subscriptions.giveUp(waiting.id, on: topic)
        _ = subscriptions.unfollow(topic)
        let (waiters, late) = answer(commands + subscriptions.nextCommands(), to: &subscriptions)
        #expect(waiters == [] && late == [])
        #expect(subscriptions.count == 0)
    }

    @Test func withoutAConnectionNobodyWaitsAndTheConfirmationIsLate() throws {
        var subscriptions = Subscriptions()
        #expect(subscriptions.follow(topic) { "a" } == nil)
        #expect(subscriptions.follow(presence) { "b" } == nil)
        _ = subscriptions.unfollow(presence)
        #expect(subscriptions.nextCommands() == [])
        #expect(subscriptions.beginSubscribing() == topic.channels)
        // Followed and left while the connection subscribes: put right afterwards.
        #expect(subscriptions.follow(presence) { "c" } == nil)
        _ = subscriptions.unfollow(topic)
        #expect(subscriptions.nextCommands() == [] && !subscriptions.hears(topic))
        #expect(subscriptions.connected() == [])
        let commands = subscriptions.nextCommands()
        #expect(commands == [.unsubscribe(topic.channels), .subscribe(presence.channels)])
        #expect(answer(commands, to: &subscriptions).late == [presence])
        #expect(subscriptions.hears(presence) && !subscriptions.hears(topic))
    }

    @Test func aNewConnectionSubscribesToAllThatIsWanted() {
        var subscriptions = connected()
        _ = subscriptions.follow(topic) { "a" }
        _ = answer(subscriptions.nextCommands(), to: &subscriptions)
        _ = subscriptions.follow(presence) { "b" }
        _ = subscriptions.nextCommands()
        #expect(subscriptions.disconnected() == ["b"])
        #expect(!subscriptions.hears(topic) && subscriptions.count == 2)
        #expect(subscriptions.answered(presence.channels[0]) == ([], nil))
        #expect(Set(subscriptions.beginSubscribing()) == Set(topic.channels + presence.channels))
        #expect(subscriptions.disconnected() == [])
        #expect(Set(subscriptions.beginSubscribing()) == Set(topic.channels + presence.channels))
        // What was confirmed before the loss is made up for with the loss; what was not is told by name.
        #expect(subscriptions.connected() == [presence])
        #expect(subscriptions.hears(topic) && subscriptions.hears(presence))
        #expect(subscriptions.nextCommands() == [])
    }

    @Test func whatIsInterruptedIsLateWhenItIsHeardAgain() {
        var subscriptions = connected()
        _ = subscriptions.follow(topic) { "a" }
        _ = answer(subscriptions.nextCommands(), to: &subscriptions)
        subscriptions.interrupted(topic.channels[0])
        subscriptions.interrupted(topic.channels[1])
        subscriptions.interrupted(presence.channels[0])
        #expect(!subscriptions.hears(topic) && subscriptions.nextCommands() == [])
        #expect(subscriptions.follow(topic) { "b" }?.waiter == "b")
        #expect(subscriptions.answered(topic.channels[1]) == ([], nil))
        #expect(subscriptions.answered(topic.channels[0]) == (["b"], topic))
        #expect(subscriptions.hears(topic))
        // Left meanwhile: nobody is told.
        subscriptions.interrupted(topic.channels[0])
        _ = subscriptions.unfollow(topic)
        _ = subscriptions.unfollow(topic)
        let commands = subscriptions.nextCommands()
        #expect(commands == [.unsubscribe(topic.channels)])
        #expect(subscriptions.answered(topic.channels[0]) == ([], nil))
        #expect(answer(commands, to: &subscriptions).late == [])
        #expect(subscriptions.count == 0 && !subscriptions.hears(topic))
    }

    @Test func whatIsInterruptedBeforeEverythingIsConfirmedIsLateOnce() {
        var subscriptions = Subscriptions()
        _ = subscriptions.follow(topic) { "a" }
        _ = subscriptions.beginSubscribing()
        subscriptions.interrupted(topic.channels[0])
        #expect(subscriptions.connected() == [] && !subscriptions.hears(topic))
        #expect(subscriptions.answered(topic.channels[0]) == ([], topic))
        #expect(subscriptions.hears(topic))
    }

    @Test func manyAreAskedForInBatches() {
        var subscriptions = connected()
        for low in 1...700 { _ = subscriptions.follow(.presence(UserID(high: 2, low: UInt64(low)))) { "" } }
        let sizes = subscriptions.nextCommands().map { command in
            guard case .subscribe(let channels) = command else { return 0 }
            return channels.count
        }
        #expect(sizes == [512, 188])
    }

    @Test func anyOrderOfCallsEndsWithWhatIsWanted() {
        var generator = SeededGenerator(seed: 42)
        for _ in 0..<300 {
            var subscriptions = Subscriptions()
            var wanted = 0
            var waiting: Set<String> = []
            var told: Set<String> = []
            var underway: [String] = []
            var isConnected = false
            for step in 0..<60 {
                switch generator.next() % 7 {
                case 0, 1:
                    wanted += 1
                    if let waiter = subscriptions.follow(topic, waiter: { "\(step)" }) { waiting.insert(waiter.waiter) }
                case 2:
                    guard wanted > 0 else { continue }
                    wanted -= 1
                    told.formUnion(subscriptions.unfollow(topic))
                case 3:
                    for command in subscriptions.nextCommands() {
                        switch command {
                        case .subscribe(let channels), .unsubscribe(let channels): underway += channels
                        }
                    }
                case 4 where !underway.isEmpty:
                    told.formUnion(subscriptions.answered(underway.removeFirst()).waiters)
                case 5 where step % 5 == 0:
                    told.formUnion(subscriptions.disconnected())
                    underway = []
                    isConnected = false
                case 6 where !isConnected:
                    _ = subscriptions.beginSubscribing()
                    _ = subscriptions.connected()
                    isConnected = true
                default: continue
                }
            }
            if !isConnected { subscriptions = connected(subscriptions) }
            for channel in underway { told.formUnion(subscriptions.answered(channel).waiters) }
            told.formUnion(answer(subscriptions.nextCommands(), to: &subscriptions).waiters)
            #expect(subscriptions.hears(topic) == (wanted > 0))
            #expect(told == waiting)
        }
    }

    @Test func theLatestIDsAreKnown() {
        var recent = RecentIDs(limit: 3)
        let ids = (1...4).map { BusEventID(high: 1, low: $0) }
        let order = [0, 1, 2, 0, 3, 0, 2]
        let isNew = order.map { recent.insert(ids[$0]) }
        #expect(isNew == [true, true, true, false, true, true, false])
    }
}
