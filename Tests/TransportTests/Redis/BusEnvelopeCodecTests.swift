import Actors
import Testing
import Transport

@Suite("Hints travel as JSON, and what is not of that form is rejected with a reason")
struct BusEnvelopeCodecTests {
    private let codec = BusEnvelopeCodec(secret: nil)
    private let origin = InstanceIdentity(instanceID: "A \"1\"", boot: "b00t")

    private func delivery(_ event: BusEvent) -> BusDelivery {
        BusDelivery(event: event, eventID: Sample.ids.next(BusEventID.self), origin: origin)
    }

    private func text(_ message: Message) -> String {
        String(decoding: codec.encode(delivery(.message(message))), as: UTF8.self)
    }

    private func rejection(_ text: String, _ channel: BusChannel = .chatMessage, codec: BusEnvelopeCodec? = nil) -> BusRejection? {
        do throws(BusRejection) {
            _ = try (codec ?? self.codec).decode(Array(text.utf8), from: channel)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: ["hello", "\"quoted\" \\ \u{1}\u{1F}\n", "👩‍👩‍👧 日本", String(repeating: "é", count: 4_000)])
    func messagesComeBackAsTheyWere(content: String) throws {
        for message in [Sample.message(seq: 7, content: content), try Sample.channelMessage] {
            let sent = delivery(.message(message))
            let received = try codec.decode(codec.encode(sent), from: .chatMessage)
            #expect(received.message == message)
            #expect(received.eventID == sent.eventID)
            #expect(received.origin == origin)
        }
    }

    @Test func kicksComeBackAsTheyWere() throws {
        let user = Sample.ids.next(UserID.self)
        for kick in [Kick.ban(user, authEpoch: 1), .revokeAll(user, authEpoch: .max), .revokeOne(user, Sample.ids.next(SessionID.self))] {
            #expect(try codec.decode(codec.encode(delivery(.kick(kick))), from: .adminKick).kick == kick)
        }
    }

    @Test func theFieldsHaveTheNamesOfTheContract() throws {
        let message = Sample.message(seq: 3)
        let encoded = text(message)
        #expect(encoded.hasPrefix(#"{"v":1,"type":"chat.message","originInstanceId":"A \"1\"","originBoot":"b00t","id":""#))
        for part in [
            #""messageId":"\#(message.messageID)""#, #""seq":3"#, #""message":{"#, #""createdAt":"2026-01-08T12:00:00.123Z""#,
            #""recipientId":"\#(try #require(message.recipientID))""#,
        ] { #expect(encoded.contains(part)) }
        #expect(try text(Sample.channelMessage).contains(#""channelId":"ch:general""#))
        let kick = Kick.revokeOne(message.senderID, Sample.ids.next(SessionID.self))
        let kicked = String(decoding: codec.encode(delivery(.kick(kick))), as: UTF8.self)
        for part in [#""type":"admin.kick""#, #""action":"REVOKE_ONE""#, #""targetUserId":"#, #""targetSessionId":"#] {
            #expect(kicked.contains(part))
        }
    }

    @Test(arguments: [
        ("", BusRejection.invalidJSON),
        ("{", .invalidJSON),
        (#"{"v":1}x"#, .invalidJSON),
        ("[]", .badShape),
        ("{}", .badShape),
        (#"{"v":"1"}"#, .badShape),
        (#"{"v":2,"type":"chat.message"}"#, .unsupportedVersion),
        (#"{"v":1,"type":"presence"}"#, .unknownType),
        (#"{"v":1,"type":"chat.message"}"#, .badShape),
    ])
    func rejects(text: String, reason: BusRejection) {
        #expect(rejection(text) == reason)
    }

    @Test(arguments: [
        (#""seq":1"#, #""seq":0"#, BusRejection.invalidField),
        (#""seq":1"#, #""seq":1.5"#, .badShape),
        (#""seq":1"#, #""seq":"1""#, .badShape),
        (#""seq":1"#, #""seq":99999999999999999999"#, .badShape),
        (#""content":"hello""#, #""content":"""#, .invalidField),
        (#""content":"hello""#, #""content":null"#, .badShape),
        (#""content":"hello""#, ##""content":"\u0000""##, .invalidField),
        (#""senderName":"alice""#, #""senderName":"""#, .invalidField),
        (#""clientMessageId":"c-1""#, #""clientMessageId":"ü""#, .invalidField),
        (#""createdAt":"2026-01-08T12:00:00.123Z""#, #""createdAt":"2026-02-30T12:00:00.123Z""#, .invalidField),
        (#""createdAt":"2026-01-08T12:00:00.123Z""#, #""createdAt":"yesterday""#, .invalidField),
        (#""originBoot":"b00t""#, #""originBoot":"""#, .invalidField),
        (#""conversationId":"dm:"#, #""conversationId":"xx:"#, .invalidField),
        (#""id":"0"#, #""id":"X"#, .invalidField),
        (#""recipientId":"#, #""channelId":"#, .inconsistent),
    ])
    func rejectsFields(field: String, wrong: String, reason: BusRejection) {
        let right = text(Sample.message())
        #expect(rejection(right) == nil)
        #expect(right.contains(field))
        #expect(rejection(right.replacing(field, with: wrong)) == reason)
    }

    @Test func rejectsWhatContradictsItself() throws {
        let message = Sample.message()
        let stranger = Sample.ids.next(UserID.self).description
        let right = text(message)
        func replacingFirst(_ field: String, with wrong: String) -> String { right.replacing(field, with: wrong, maxReplacements: 1) }
        #expect(rejection(replacingFirst(#""seq":1"#, with: #""seq":2"#)) == .inconsistent)
        #expect(rejection(replacingFirst(message.messageID.description, with: stranger)) == .inconsistent)
        let sender = #""senderId":"\#(message.senderID)""#
        #expect(rejection(right.replacing(sender, with: #""senderId":"\#(stranger)""#)) == .inconsistent)
        let recipient = try #require(message.recipientID).description
        #expect(rejection(right.replacing(#""recipientId":"\#(recipient)""#, with: #""recipientId":"\#(stranger)""#)) == .inconsistent)
    }

    /// Other instances may be of another version, or another program's.
    @Test func theSameIDMayBeWrittenInAnotherWay() throws {
        let message = Sample.message()
        let right = text(message)
        let escaped = message.messageID.description.replacing("-", with: #"\u002d"#)
        let other = right.replacing(message.messageID.description, with: escaped, maxReplacements: 1)
        #expect(other != right)
        #expect(try codec.decode(Array(other.utf8), from: .chatMessage).message == message)
        #expect(
            rejection(right.replacing(#""messageId":"\#(message.messageID)""#, with: #""messageId":7"#, maxReplacements: 1)) == .badShape
        )
    }

    @Test func rejectsWhatIsTooLong() {
        #expect(rejection(text(Sample.message(content: String(repeating: "a", count: 4_001)))) == .invalidField)
        #expect(rejection(String(repeating: " ", count: BusEnvelopeCodec.limit + 1)) == .tooLarge)
    }

    @Test func rejectsWhatCameOverAnotherChannel() {
        #expect(rejection(text(Sample.message()), .adminKick) == .wrongChannel)
    }

    @Test(arguments: [
        (#""authEpoch":3"#, #""authEpoch":0"#, BusRejection.invalidField),
        (#","authEpoch":3"#, "", .badShape),
        (#""BAN""#, #""PARDON""#, .invalidField),
        (#""BAN""#, #""REVOKE_ONE""#, .badShape),
        (#""targetUserId":"0"#, #""targetUserId":"-"#, .invalidField),
    ])
    func rejectsKicks(field: String, wrong: String, reason: BusRejection) {
        let kick = delivery(.kick(.ban(Sample.ids.next(UserID.self), authEpoch: 3)))
        let right = String(decoding: codec.encode(kick), as: UTF8.self)
        #expect(right.contains(field))
        #expect(rejection(right.replacing(field, with: wrong), .adminKick) == reason)
    }

    @Test func theRoutingIsToldUnlessItIsBroadcast() {
        let message = delivery(.message(Sample.message()))
        #expect(!String(decoding: codec.encode(message), as: UTF8.self).contains("routing"))
        let targeted = String(decoding: BusEnvelopeCodec(secret: nil, routing: .targeted).encode(message), as: UTF8.self)
        #expect(targeted.contains(#"","routing":"targeted","messageId":""#))
        // Whatever it is, the message counts.
        for routing in [#""targeted""#, #""sharded""#, "7", "null"] {
            #expect(rejection(targeted.replacing(#""targeted""#, with: routing)) == nil)
        }
    }

    @Test func unknownMembersArePassedOver() {
        let later = text(Sample.message()).replacing(#"{"v":1,"#, with: #"{"later":{"x":[1]},"v":1,"#)
        #expect(rejection(later) == nil)
    }

    @Test func aSignatureIsTheLastMemberAndCoversTheRest() throws {
        let signing = BusEnvelopeCodec(secret: "the shared secret")
        let sent = delivery(.message(Sample.message()))
        let plain = String(decoding: codec.encode(sent), as: UTF8.self)
        let signed = String(decoding: signing.encode(sent), as: UTF8.self)
        #expect(signed.hasPrefix(plain.dropLast() + #","sig":""#))
        #expect(try signing.decode(Array(signed.utf8), from: .chatMessage).message == sent.message)
        #expect(rejection(signed) == nil)
        #expect(rejection(plain, codec: signing) == .unsigned)
        #expect(rejection("", codec: signing) == .unsigned)
        #expect(rejection(signed, codec: BusEnvelopeCodec(secret: "another secret")) == .badSignature)
        #expect(rejection(signed.replacing("hello", with: "hullo"), codec: signing) == .badSignature)
        #expect(rejection(signed.replacing(#""seq":1"#, with: #""seq":2"#), codec: signing) == .badSignature)
        #expect(rejection(signed + " ", codec: signing) == .unsigned)
    }

    @Test func theSignatureIsHMACWithSHA256() {
        // The expected value is what `openssl dgst -sha256 -hmac key` says of the bytes before the member.
        let signed = BusSignature(secret: "key").signed(Array(#"{"a":1}"#.utf8))
        let expected = "c03209c415a364b212726b61a9e64e2abc0a2fb2bf59a86c98b0d7d4f68c4de9"
        #expect(String(decoding: signed, as: UTF8.self) == #"{"a":1,"sig":"\#(expected)"}"#)
    }
}
