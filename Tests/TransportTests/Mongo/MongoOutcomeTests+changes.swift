import Actors
import LocalCluster
import TestSupport
import Testing

@testable import Transport

extension MongoOutcomeTests {
    @Test(arguments: ["", "&retryWrites=false"])
    func `a change whose answer is lost is done once and told as done`(options: String) async throws {
        let server = try await SharedMongoServer.failing.server
        let cutter = try await ReplyCutter.start(to: server.port)
        let uri = "mongodb://127.0.0.1:\(cutter.port)/\(SharedMongoServer.newDatabase())?directConnection=true\(options)"
        try await MongoStore.with(uri) { store in
            let message = try await store.stored(fixture.draft(from: alice, "first"), in: conversation)
            let (id, author, now) = (message.messageID, alice.userID, fixture.time.now())
            let changes: [() async throws -> ChangeOutcome] = [
                { try await store.edit(id, in: conversation, by: author, content: "second", at: now) },
                { try await store.react(id, in: conversation, by: author, emoji: "👍", adds: true) },
                { try await store.delete(id, in: conversation, by: author, at: now) },
            ]
            for (index, change) in changes.enumerated() {
                for collection in ["messages", "conversations"] where index == 0 || collection == "messages" {
                    let before = cutter.cuts
                    cutter.cut("update", of: collection, times: 1)
                    if collection == "conversations" {
                        let outcome = try await store.edit(id, in: conversation, by: author, content: "other", at: now)
                        #expect(outcome.changed?.content == "other")
                    } else {
                        #expect(try await change().changed != nil)
                    }
                    #expect(cutter.cuts == before + 1)
                }
            }
            let found = try #require(try await store.newest(in: conversation))
            #expect(found.rev == 4)
            #expect(found.deletedAt == now)
            #expect(
                try await store.append([fixture.draft(from: alice, "first", clientMessageID: message.clientMessageID)], to: conversation)
                    == [.duplicate(found)]
            )

            let name = try #require(ChannelName("general"))
            try await store.createChannel(fixture.channel(name, by: alice))
            cutter.cut("update", of: "memberships", times: 1)
            let joined = try await store.join(name, user: author, limit: 5)
            #expect(joined == .joined(ChannelSummary(channel: fixture.channel(name, by: alice), members: 1, lastSeq: 0)))
            cutter.cut("update", of: "memberships", times: 1)
            #expect(try await store.leave(name, user: author) == .left)
        }
        await cutter.stop()
    }

    @Test
    func `a change whose raise stays impossible fails, and is raised when it can be`() async throws {
        let uri = try await SharedMongoServer.failing.uri(options: "heartbeatFrequencyMS=500")
        try await withFailPoints { failPoints in
            let store = try await MongoStore.openForTest(uri, patience: .milliseconds(300))
            let message = try await store.stored(fixture.draft(from: alice), in: conversation)
            let moment = try await StoreMoment.now(store, fixture)
            try await failPoints.fail(["update"], times: nil, ("errorCode", .int32(10_107)))
            await #expect(throws: StoreError.self) {
                try await store.edit(message.messageID, in: conversation, by: alice.userID, content: "x", at: fixture.time.now())
            }
            try await failPoints.failNoMore()
            while try await moment.conversations(store).isEmpty { try await Task.sleep(for: .milliseconds(20)) }
            await store.close()
        }
    }

    @Test
    func `who repeats a change that its conversation doesn't know of raises it`() async throws {
        let uri = try await SharedMongoServer.failing.uri()
        try await MongoStore.with(uri) { store in
            _ = try await store.stored(fixture.draft(from: alice), in: conversation)
            let moment = try await StoreMoment.now(store, fixture)
            // A writer that died between its two steps.
            let message = fixture.draft(from: alice, "edited").message(in: conversation, seq: 2)
            var document = message.document(stamp: Stamp(0))
            document.append("rev", .int64(1))
            document.append("updatedStamp", .timestamp(UInt64(UInt32.max) << 32))
            try await MongoBackdoor.with(uri) { [document] in try await $0.insert(document, into: "messages") }
            #expect(try await moment.conversations(store).isEmpty)
            let author = alice.userID
            let outcome = try await store.edit(message.messageID, in: conversation, by: author, content: "edited", at: fixture.time.now())
            guard case .unchanged = outcome else {
                Issue.record("\(outcome)")
                return
            }
            let changes = try await moment.conversations(store)
            #expect(changes.map(\.conversationID) == [conversation])
            let updated = try await MongoBackdoor.with(uri) { try await $0.find("messages", ["_id": .id(message.messageID)]) }
            #expect(try #require(try updated.first?.stamp("updatedStamp")) <= #require(changes.first?.stamp))
        }
    }
}
