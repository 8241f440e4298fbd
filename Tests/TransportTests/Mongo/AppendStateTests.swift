import Actors
import TestSupport
import Testing

@testable import Transport

@Suite("An append looks up what it doesn't know, and acknowledges only what it does")
struct AppendStateTests {
    private let fixture = Fixture()
    private let alice: User
    private let conversation: ConversationID

    init() {
        alice = fixture.user()
        conversation = .direct(UserPair(alice.userID, fixture.id()))
    }

    private func drafts(_ count: Int) -> [MessageDraft] {
        (0..<count).map { _ in fixture.draft(from: alice) }
    }

    private func messages(_ drafts: [MessageDraft], from seq: Int64) -> [Message] {
        drafts.enumerated().map { $1.message(in: conversation, seq: seq + Int64($0)) }
    }

    private func inserted(_ count: Int, _ failure: MongoFailure.Kind? = nil, ofOne: Bool = true) -> InsertReply {
        InsertReply(insertedCount: count, failure: failure.map { MongoFailure($0, "test") }, isOfOneDocument: failure != nil && ofOne)
    }

    private func raise(_ message: Message, isNew: Bool = true) -> AppendState.Step {
        let readSeqs = [alice.userID: message.seq]
        return .raise(AppendRaise(conversation: conversation, newest: message, isNew: isNew, readSeqs: readSeqs))
    }

    @Test("One draft with a known number: insert, raise, done")
    func plain() {
        let drafts = drafts(1)
        let messages = messages(drafts, from: 4)
        var state = AppendState(drafts, to: conversation, nextSeq: 4)
        #expect(state.next() == .insert(messages))
        state.inserted(inserted(1), of: messages)
        #expect(state.next() == raise(messages[0]))
        state.raised()
        #expect(state.next() == .finish([.stored(messages[0])]))
        #expect(state.nextSeq == 5)
        #expect(!state.mustPause)
    }

    @Test("Without a known number the last one is read; of several drafts the ids are looked at first")
    func unknownNumber() {
        let drafts = drafts(2)
        var state = AppendState(drafts, to: conversation, nextSeq: nil)
        #expect(state.next() == .lookUpIDs(drafts))
        state.lookedUp([])
        #expect(state.next() == .readLast)
        state.readLast(0)
        #expect(state.next() == .insert(messages(drafts, from: 1)))
    }

    @Test("Ids above all that came before are not looked at")
    func newIDs() {
        let before = drafts(2)
        let drafts = drafts(2)
        var state = AppendState(drafts, to: conversation, nextSeq: 3, highestID: before[1].messageID)
        #expect(state.next() == .insert(messages(drafts, from: 3)))
        var known = AppendState([before[0]] + drafts, to: conversation, nextSeq: 3, highestID: before[1].messageID)
        #expect(known.next() == .lookUpIDs([before[0]] + drafts))
    }

    @Test("A lost race for a number keeps the prefix and numbers the rest anew")
    func lostRace() {
        let drafts = drafts(3)
        var state = AppendState(drafts, to: conversation, nextSeq: 1)
        state.lookedUp(lookingUp(&state))
        state.inserted(inserted(1, .duplicateKey(.messageSeq)), of: messages(drafts, from: 1))
        #expect(state.nextSeq == nil)
        #expect(state.next() == .readLast)
        // Number 2 is taken and not visible to a majority: numbering on from 1 would only collide again.
        state.readLast(1)
        #expect(state.mustPause)
        #expect(state.next() == .readLast)
        state.readLast(2)
        #expect(!state.mustPause)
        let rest = messages(Array(drafts[1...]), from: 3)
        #expect(state.next() == .insert(rest))
        state.inserted(inserted(2), of: rest)
        #expect(state.next() == raise(rest[1]))
        state.raised()
        #expect(state.next() == .finish([.stored(messages(drafts, from: 1)[0]), .stored(rest[0]), .stored(rest[1])]))
    }

    @Test("An unknown outcome is looked up: what is there is stored, what is not is inserted again", arguments: [true, false])
    func unknownOutcome(isThere: Bool) {
        let drafts = drafts(1)
        let first = messages(drafts, from: 7)
        var state = AppendState(drafts, to: conversation, nextSeq: 7)
        _ = state.next()
        state.inserted(inserted(0, .unknownOutcome, ofOne: false), of: first)
        #expect(state.mustPause)
        #expect(state.next() == .lookUp(drafts))
        state.lookedUp(isThere ? first : [])
        if isThere {
            #expect(state.next() == raise(first[0]))
            state.raised()
            #expect(state.next() == .finish([.stored(first[0])]))
        } else {
            #expect(state.next() == .readLast)
            state.readLast(8)
            #expect(state.next() == .insert(messages(drafts, from: 9)))
        }
        #expect(state.nextSeq != 8)
    }

    @Test("A key that is taken is judged by the message that has it")
    func takenKey() {
        for (content, expected) in [("hello", true), ("other", false)] {
            let draft = fixture.draft(from: alice)
            let known = fixture.draft(from: alice, content, clientMessageID: draft.clientMessageID).message(in: conversation, seq: 3)
            var state = AppendState([draft], to: conversation, nextSeq: 9)
            _ = state.next()
            state.inserted(inserted(0, .duplicateKey(.clientMessageID)), of: messages([draft], from: 9))
            #expect(state.next() == .lookUp([draft]))
            // A majority doesn't have it yet: nothing is judged.
            state.lookedUp([])
            #expect(state.mustPause)
            #expect(state.next() == .readLast)
            state.readLast(3)
            _ = state.next()
            state.inserted(inserted(0, .duplicateKey(.clientMessageID)), of: messages([draft], from: 4))
            _ = state.next()
            state.lookedUp([known])
            guard expected else {
                #expect(state.next() == .finish([.conflict]))
                continue
            }
            // Its writer may have died before it raised the conversation.
            #expect(state.next() == raise(known, isNew: false))
            state.raised()
            #expect(state.next() == .finish([.duplicate(known)]))
        }
    }

    @Test("One repetition in a batch has all that is not stored yet looked up; what isn't there is inserted at once")
    func repeatedBatch() {
        let drafts = drafts(4)
        let messages = messages(drafts, from: 5)
        let known = (1...2).map {
            fixture.draft(from: alice, clientMessageID: drafts[$0].clientMessageID).message(in: conversation, seq: Int64($0))
        }
        var state = AppendState(drafts, to: conversation, nextSeq: 5)
        state.lookedUp(lookingUp(&state))
        state.inserted(inserted(1, .duplicateKey(.clientMessageID)), of: messages)
        #expect(state.next() == .lookUp(Array(drafts[1...])))
        state.lookedUp(known)
        #expect(!state.mustPause)
        #expect(state.next() == .readLast)
        state.readLast(5)
        let last = drafts[3].message(in: conversation, seq: 6)
        #expect(state.next() == .insert([last]))
        state.inserted(inserted(1), of: [last])
        #expect(state.next() == raise(last))
        state.raised()
        #expect(state.next() == .finish([.stored(messages[0]), .duplicate(known[0]), .duplicate(known[1]), .stored(last)]))
    }

    @Test("The caller's own message of an earlier call is a duplicate, not stored again")
    func repeatedCall() {
        let drafts = drafts(2)
        let known = messages(drafts, from: 1)
        var state = AppendState(drafts, to: conversation, nextSeq: nil)
        _ = state.next()
        state.lookedUp(known)
        #expect(state.next() == raise(known[1], isNew: false))
        state.raised()
        #expect(state.next() == .finish(known.map(AppendOutcome.duplicate)))
    }

    @Test("An id that another message has fails before anything is stored")
    func takenID() {
        let drafts = drafts(2)
        var state = AppendState(drafts, to: conversation, nextSeq: 1)
        _ = state.next()
        let other = MessageDraft(
            messageID: drafts[1].messageID,
            senderID: fixture.id(),
            senderName: "x",
            content: "x",
            clientMessageID: drafts[1].clientMessageID,
            createdAt: fixture.time.now()
        )
        state.lookedUp([other.message(in: conversation, seq: 1)])
        #expect(state.next() == .fail(MongoFailure(.duplicateKey(.id), "message id")))
    }

    @Test("What can't be repeated fails, and no number is remembered", arguments: [MongoFailure.Kind.other, .unreachable, .overloaded])
    func failure(kind: MongoFailure.Kind) {
        let drafts = drafts(1)
        var state = AppendState(drafts, to: conversation, nextSeq: 1)
        _ = state.next()
        state.inserted(inserted(0, kind, ofOne: false), of: messages(drafts, from: 1))
        #expect(state.next() == .fail(MongoFailure(kind, "test")))
        #expect(state.nextSeq == nil)
    }

    private func lookingUp(_ state: inout AppendState) -> [Message] {
        _ = state.next()
        return []
    }
}
