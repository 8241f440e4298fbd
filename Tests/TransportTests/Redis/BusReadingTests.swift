import Actors
import TestSupport
import Testing

@testable import Transport

@Suite("What the bus takes, and why it rejects the rest, is what Foundation's decoder says")
struct BusReadingTests {
    /// What becomes of bytes.
    private enum Outcome: Equatable {
        case taken(BusEventID, InstanceIdentity, BusRouting?, TraceParent?, String)
        case rejected(BusRejection)
    }

    private static let codec = BusEnvelopeCodec(secret: nil, routing: .targeted)

    private static func deliveries() throws -> [BusDelivery] {
        let message = Sample.message(seq: 12, content: "a \"b\" \u{1} 🙂")
        let changed = Message(
            messageID: message.messageID,
            conversationID: message.conversationID,
            seq: message.seq,
            senderID: message.senderID,
            senderName: message.senderName,
            content: message.content,
            clientMessageID: message.clientMessageID,
            createdAt: message.createdAt,
            editedAt: Timestamp(milliseconds: 1_767_873_700_000),
            deletedAt: nil,
            reactions: Reactions([Reaction(emoji: "🙂", userIDs: [message.senderID])]),
            rev: 3
        )
        let user = message.senderID
        guard let name = ChannelName("general"), let trace = TraceParent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01") else {
            throw Unexpected()
        }
        let events: [BusEvent] = [
            .message(message), .message(try Sample.channelMessage),
            .kick(.ban(user, authEpoch: 2)), .kick(.revokeOne(user, Sample.ids.next(SessionID.self))),
            .chat(.updated(changed)), .chat(.typing(message.conversationID, user, isTyping: true)),
            .chat(.read(ReadCursor(conversationID: message.conversationID, userID: user, seq: 4))),
            .chat(.membership(name, user, isMember: false)),
            .presence(
                PresenceEvent(kind: .status, userID: user, username: "alice", status: .away, timestamp: Timestamp(milliseconds: 1))
            ),
        ]
        let origin = InstanceIdentity(instanceID: "A", boot: "b00t")
        return events.map { BusDelivery(event: $0, eventID: Sample.ids.next(BusEventID.self), origin: origin, trace: trace) }
    }

    private func outcome(_ bytes: [UInt8], _ channel: BusChannel) -> Outcome {
        do throws(BusRejection) {
            let (delivery, routing) = try Self.codec.open(bytes, from: channel)
            return .taken(delivery.eventID, delivery.origin, routing, delivery.trace, "\(delivery.event)")
        } catch {
            return .rejected(error)
        }
    }

    private func outcomeByFoundation(_ bytes: [UInt8], _ channel: BusChannel) throws -> Outcome {
        do {
            let envelope = try FoundationEnvelope.decode(bytes, from: channel)
            let delivery = envelope.delivery
            return .taken(delivery.eventID, delivery.origin, envelope.routing, delivery.trace, "\(delivery.event)")
        } catch let rejection as BusRejection {
            return .rejected(rejection)
        }
    }

    private static let wrongValues = [
        "null", "true", "7", "-1", "0", "1.0", "1.5", "1e0", "2E2", "-0.0", "9223372036854775807", "9223372036854775808",
        "99999999999999999999", "1e400", #""""#, #""x""#, #""7""#, #""\u0000""#, "[]", "[1]", #"["x"]"#, "{}", #"{"a":[{"b":null}]}"#,
        #"{"🙂":null}"#, #"{"🙂":["x"]}"#,
    ]

    @Test func everyMemberWithEveryKindOfValue() throws {
        for delivery in try Self.deliveries() {
            let right = String(decoding: Self.codec.encode(delivery), as: UTF8.self)
            let channel = BusChannel(delivery.event)
            for member in Members.places(in: right) {
                let name = right[member.name]
                var variants = Self.wrongValues.map { right.replacingSubrange(member.value, with: $0) }
                for wrong in ["null", "7", #""x""#] {
                    // Twice: before it and after it.
                    variants.append(right.replacingSubrange(member.name, with: "\(name):\(wrong),\(name)"))
                    variants.append(right.replacingSubrange(member.value, with: "\(right[member.value]),\(name):\(wrong)"))
                }
                variants.append(right.replacingSubrange(member.name, with: #""unknown""#))
                variants.append(right.replacingSubrange(member.name, with: Members.escaped(name)))
                variants.append(right.replacingSubrange(member.name, with: "\n\t \(name) \r"))
                for variant in variants {
                    let bytes = Array(variant.utf8)
                    #expect(try outcome(bytes, channel) == outcomeByFoundation(bytes, channel), "\(variant)")
                }
            }
        }
    }

    /// Foundation doesn't look at what nobody asks for, and takes other encodings than UTF-8: there the codec alone says that it is no JSON.
    @Test func bytesThatWereHurtOnTheWay() throws {
        var random = SeededGenerator(seed: 9)
        let marks = Array(#"{}[]",:\0-.eu"#.utf8) + [0x00, 0x1F, 0x7F, 0x80, 0xC0, 0xED, 0xFF]
        for delivery in try Self.deliveries() {
            let right = Self.codec.encode(delivery)
            let channel = BusChannel(delivery.event)
            for _ in 0..<150 {
                var bytes = right
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = marks.randomElement(using: &random) ?? 0
                case 1: bytes.insert(marks.randomElement(using: &random) ?? 0, at: place)
                case 2: bytes.remove(at: place)
                default: bytes.removeSubrange(place..<min(bytes.count, place + 9))
                }
                let own = outcome(bytes, channel)
                guard own != .rejected(.invalidJSON) else { continue }
                #expect(try own == outcomeByFoundation(bytes, channel), "\(String(decoding: bytes, as: UTF8.self))")
            }
        }
    }

    @Test(
        "not JSON in UTF-8",
        arguments: [
            [0xFF], [0xC3, 0x28], [0xED, 0xA0, 0x80], Array(#"\ud800"#.utf8), Array(#"\x"#.utf8), Array("\n".utf8), [0x00],
            [0xF5, 0x80, 0x80, 0x80],
        ] as [[UInt8]]
    )
    func whatIsNoTextIsNoJSON(part: [UInt8]) throws {
        for delivery in try Self.deliveries() {
            let right = Self.codec.encode(delivery)
            // Also where nobody would look at it.
            let wrong = Array(#"{"unknown":""#.utf8) + part + Array(#"","#.utf8) + right.dropFirst()
            #expect(outcome(wrong, BusChannel(delivery.event)) == .rejected(.invalidJSON))
        }
    }

    @Test func whatIsNestedTooDeepIsNoJSON() throws {
        let delivery = try Self.deliveries()[0]
        func nested(_ depth: Int) -> [UInt8] {
            let value = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            return Array(#"{"unknown":\#(value),"#.utf8) + Self.codec.encode(delivery).dropFirst()
        }
        #expect(outcome(nested(100), .chatMessage) != .rejected(.invalidJSON))
        #expect(outcome(nested(200_000), .chatMessage) == .rejected(.invalidJSON))
    }
}

/// The members of all objects in a JSON text, whose strings hold no `":`.
private struct Members {
    let name: Range<String.Index>
    let value: Range<String.Index>

    static func places(in json: String) -> [Members] {
        json.matches(of: #/"[^"\\{}\[\],:]+"(?=:)/#).map { match in
            Members(name: match.range, value: value(in: json, from: json.index(after: match.range.upperBound)))
        }
    }

    private static func value(in json: String, from start: String.Index) -> Range<String.Index> {
        var (depth, isString, isEscaped) = (0, false, false)
        for index in json.indices[start...] {
            let character = json[index]
            if isString {
                isString = isEscaped || character != "\""
                isEscaped = !isEscaped && character == "\\"
                continue
            }
            switch character {
            case "\"": isString = true
            case "{", "[": depth += 1
            case "}", "]", ",":
                if depth == 0 { return start..<index }
                if character != "," { depth -= 1 }
            default: break
            }
        }
        return start..<json.endIndex
    }

    /// The name with its first character as an escape.
    static func escaped(_ name: Substring) -> String {
        let hexadecimal = String(name.dropFirst().unicodeScalars.first?.value ?? 0, radix: 16)
        guard hexadecimal.count <= 4 else { return String(name) }
        return "\"\\u" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal + name.dropFirst(2)
    }
}

extension String {
    fileprivate func replacingSubrange(_ range: Range<String.Index>, with text: String) -> String {
        var copy = self
        copy.replaceSubrange(range, with: text)
        return copy
    }
}
