import Actors
import NIOCore
import TestSupport
import Testing
import Transport

@Suite("Each frame of the protocol becomes its command, and a wrong field is named")
struct CommandFrameTests {
    private static let one = UserID(high: 0x0189_0000_0000_7000, low: 0x8000_0000_0000_0001)
    private static let two = UserID(high: 0x0189_0000_0000_7000, low: 0x8000_0000_0000_0002)
    private static let direct = ConversationID.direct(UserPair(one, two))
    private static let message = MessageID(high: 0x0189_0000_0000_7000, low: 0x8000_0000_0000_0003)
    private static let maxInteger: Int64 = 9_007_199_254_740_991

    /// The fields `conversationId` and `messageId`, of a good form.
    private static let target = #""conversationId":"\#(direct)","messageId":"\#(message)""#

    private func result(_ type: String, _ fields: String) -> Result<Command, RequestError> {
        FrameDecoder.decode(ByteBuffer(string: #"{"type":"\#(type)"\#(fields.isEmpty ? "" : ",")\#(fields)}"#)).command
    }

    private func command(_ type: String, _ fields: String = "") throws -> Command {
        try result(type, fields).get()
    }

    /// The code and the first word of the refusal, which is the field's name; nil where the frame is taken.
    private func refusal(_ type: String, _ fields: String = "") -> String? {
        guard case .failure(let error) = result(type, fields) else { return nil }
        return "\(error.code.rawValue) \(error.message.prefix { $0 != " " })"
    }

    @Test("edits, deletions and reactions")
    func changes() throws {
        let (conversation, message) = (Self.direct, Self.message)
        #expect(
            try command("MESSAGE_EDIT", #"\#(Self.target),"content":"h\u00e9""#)
                == .conversation(.edit(message, in: conversation, content: "hé"))
        )
        #expect(try command("MESSAGE_DELETE", Self.target) == .conversation(.delete(message, in: conversation)))
        for (operation, adds) in [("add", true), ("remove", false)] {
            #expect(
                try command("REACTION", #"\#(Self.target),"emoji":"👩‍👩‍👧","op":"\#(operation)""#)
                    == .conversation(.react(message, in: conversation, emoji: "👩‍👩‍👧", adds: adds))
            )
        }
        #expect(
            try command("REACTION", #"\#(Self.target),"emoji":"\ud83d\ude42","op":"\u0061dd""#)
                == .conversation(.react(message, in: conversation, emoji: "🙂", adds: true))
        )
    }

    @Test("channels, reading and typing")
    func conversations() throws {
        let name = try #require(ChannelName("a_.-9"))
        let channel = #""channelId":"ch:a_.-9""#
        #expect(try command("CHANNEL_JOIN", channel) == .conversation(.join(name, since: nil)))
        #expect(try command("CHANNEL_JOIN", channel + #","since":null"#) == .conversation(.join(name, since: nil)))
        #expect(try command("CHANNEL_JOIN", channel + #","since":0"#) == .conversation(.join(name, since: 0)))
        #expect(
            try command("CHANNEL_JOIN", channel + #","since": \#(Self.maxInteger) "#)
                == .conversation(.join(name, since: Self.maxInteger))
        )
        #expect(try command("CHANNEL_LEAVE", channel) == .conversation(.leave(name)))
        #expect(try command("READ", #""conversationId":"ch:a_.-9","seq":1"#) == .conversation(.read(.channel(name), upTo: 1)))
        #expect(try command("TYPING", #""isTyping":true,"conversationId":"\#(Self.direct)""#) == .typing(Self.direct, isTyping: true))
        #expect(try command("TYPING", #""conversationId":"ch:a_.-9","isTyping":false"#) == .typing(.channel(name), isTyping: false))
    }

    @Test("presence")
    func presence() throws {
        for status in [PresenceStatus.online, .away, .busy] {
            #expect(try command("PRESENCE_SET", #""status":"\#(status.rawValue)""#) == .presence(.set(status)))
        }
        let (one, two) = (Self.one, Self.two)
        #expect(try command("PRESENCE_WATCH", #""userIds":[]"#) == .presence(.watch([])))
        #expect(try command("PRESENCE_UNWATCH", #""userIds":[ "\#(two)" , "\#(one)","\#(two)" ]"#) == .presence(.unwatch([two, one])))
        let most = (0..<500).map { #""\#(UserID(high: 1, low: UInt64($0)))""# }
        guard case .presence(.watch(let users)) = try command("PRESENCE_WATCH", #""userIds":[\#(most.joined(separator: ","))]"#) else {
            throw UnexpectedCommand()
        }
        #expect(users == (0..<500).map { UserID(high: 1, low: UInt64($0)) })
        #expect(refusal("PRESENCE_WATCH", #""userIds":[\#((most + most.prefix(1)).joined(separator: ","))]"#) == "BAD_REQUEST userIds")
    }

    @Test("SYNC")
    func sync() throws {
        let name = try #require(ChannelName("x"))
        #expect(try command("SYNC") == .sync(SyncCommand(cursors: [:], stamp: nil, hasMore: false)))
        #expect(
            try command("SYNC", #""cursors":{},"stamp":null,"more":false"#) == .sync(SyncCommand(cursors: [:], stamp: nil, hasMore: false))
        )
        #expect(
            try command(
                "SYNC",
                #""cursors": { "ch:x" : 0 , "\#(Self.direct)":\#(Self.maxInteger)},"stamp":"18446744073709551615","more":true"#
            )
                == .sync(SyncCommand(cursors: [.channel(name): 0, Self.direct: Self.maxInteger], stamp: Stamp(.max), hasMore: true))
        )
        #expect(
            try command("SYNC", #""cursors":{"ch:x":1,"c\u0068:x":2},"stamp":"0""#)
                == .sync(SyncCommand(cursors: [.channel(name): 2], stamp: Stamp(0), hasMore: false))
        )
    }

    @Test("5,000 cursors are taken, one more is not")
    func manyCursors() throws {
        let entries = (1...5_001).map { #""ch:c\#($0)":\#($0)"# }
        guard case .sync(let sync) = try command("SYNC", #""cursors":{\#(entries.prefix(5_000).joined(separator: ","))}"#) else {
            throw UnexpectedCommand()
        }
        #expect(sync.cursors.count == 5_000)
        #expect(sync.cursors[.channel(try #require(ChannelName("c5000")))] == 5_000)
        #expect(refusal("SYNC", #""cursors":{\#(entries.joined(separator: ","))}"#) == "BAD_REQUEST cursors")
        let repeated = Array(repeating: #""ch:a":1"#, count: 5_001)
        #expect(refusal("SYNC", #""cursors":{\#(repeated.joined(separator: ","))}"#) == "BAD_REQUEST cursors")
    }

    private static let hostileNumbers = [
        "-1", "-0", "1.0", "1e3", "1E0", "0.0", #""1""#, "9007199254740992", "9223372036854775808", "99999999999999999999999999",
        "1e400", "-1e400", "true", "[1]", #"{"a":1}"#, "0e0",
    ]

    @Test("numbers that are not plain integers in range", arguments: hostileNumbers)
    func numbers(number: String) {
        #expect(refusal("CHANNEL_JOIN", #""channelId":"ch:x","since":\#(number)"#) == "BAD_REQUEST since")
        #expect(refusal("READ", #""conversationId":"ch:x","seq":\#(number)"#) == "BAD_REQUEST seq")
        #expect(refusal("SYNC", #""cursors":{"ch:x":\#(number)}"#) == "BAD_REQUEST cursors")
        #expect(refusal("SYNC", #""cursors":{"ch:x":\#(number),"ch:y":1}"#) == "BAD_REQUEST cursors")
    }

    @Test("numbers that are not JSON", arguments: ["01", "+1", "1.", ".5", "0x1", "NaN", "Infinity", "1_000", "١"])
    func notNumbers(number: String) {
        #expect(refusal("READ", #""conversationId":"ch:x","seq":\#(number)"#) == "BAD_REQUEST The")
        #expect(refusal("SYNC", #""cursors":{"ch:x":\#(number)}"#) == "BAD_REQUEST The")
    }

    @Test(
        "stamps that no server gave out",
        arguments: [
            "5", #""""#, #""-1""#, #""+1""#, #""01""#, #""1.0""#, #""1e3""#, #"" 1""#, #""18446744073709551616""#, #""١""#, "[]", "true",
            #""\#(String(repeating: "0", count: 50_000))""#,
        ]
    )
    func stamps(stamp: String) {
        #expect(refusal("SYNC", #""stamp":\#(stamp)"#) == "BAD_REQUEST stamp")
    }

    @Test(
        "ids that are not of their form",
        arguments: [
            "", "x", "dm:", "ch:", "ch:A", "ch:a b", "ch:é", "ch:\\u0000", "dm:\(two):\(one)", "dm:\(one)", "dm:\(one):\(two):",
            "DM:\(one):\(two)",
            "ch:" + String(repeating: "a", count: 65), "dm:" + String(repeating: ":", count: 60_000), String(repeating: "a", count: 60_000),
            String(repeating: "\\u0061", count: 10_000), "ch:\\u0301",
        ]
    )
    func ids(id: String) {
        #expect(refusal("TYPING", #""conversationId":"\#(id)","isTyping":true"#) == "BAD_REQUEST conversationId")
        #expect(refusal("CHANNEL_LEAVE", #""channelId":"\#(id)""#) == "BAD_REQUEST channelId")
        #expect(refusal("MESSAGE_DELETE", #""conversationId":"ch:x","messageId":"\#(id)""#) == "BAD_REQUEST messageId")
        #expect(refusal("PRESENCE_WATCH", #""userIds":["\#(id)"]"#) == "BAD_REQUEST userIds")
        #expect(refusal("SYNC", #""cursors":{"\#(id)":1}"#) == "BAD_REQUEST cursors")
    }

    /// Every frame with all its fields, and the names of those that must be there.
    private static let whole: [(type: String, fields: [(name: String, value: String)], required: Set<String>)] = {
        let conversation = (name: "conversationId", value: #""ch:x""#)
        let message = (name: "messageId", value: #""\#(CommandFrameTests.message)""#)
        let channel = (name: "channelId", value: #""ch:x""#)
        let users = (name: "userIds", value: #"["\#(one)"]"#)
        return [
            ("MESSAGE_EDIT", [conversation, message, ("content", #""x""#)], ["conversationId", "messageId", "content"]),
            ("MESSAGE_DELETE", [conversation, message], ["conversationId", "messageId"]),
            (
                "REACTION", [conversation, message, ("emoji", #""🙂""#), ("op", #""add""#)],
                ["conversationId", "messageId", "emoji", "op"]
            ),
            ("CHANNEL_JOIN", [channel, ("since", "5")], ["channelId"]),
            ("CHANNEL_LEAVE", [channel], ["channelId"]),
            ("TYPING", [conversation, ("isTyping", "true")], ["conversationId", "isTyping"]),
            ("READ", [conversation, ("seq", "5")], ["conversationId", "seq"]),
            ("SYNC", [("cursors", #"{"ch:x":1}"#), ("stamp", #""7""#), ("more", "true")], []),
            ("PRESENCE_SET", [("status", #""away""#)], ["status"]),
            ("PRESENCE_WATCH", [users], ["userIds"]),
            ("PRESENCE_UNWATCH", [users], ["userIds"]),
        ]
    }()

    private static let misfits = [
        "7", "-1.5e3", "true", "false", #""""#, #""?""#, "[]", "{}", "[[7]]", #"{"a":{"b":[null]}}"#, "[null]", #"[{}]"#,
    ]

    /// Those of them that are right for a field.
    private static let taken: [String: Set<String>] = [
        "content": [#""?""#], "emoji": [#""?""#], "since": ["7"], "seq": ["7"], "isTyping": ["true", "false"], "more": ["true", "false"],
        "userIds": ["[]"], "cursors": ["{}"],
    ]

    @Test("every field of every frame: absent, null, of another type, and twice")
    func everyField() throws {
        for frame in Self.whole {
            func fields(replacing name: String? = nil, with value: String? = nil) -> String {
                frame.fields.compactMap { field in
                    guard field.name == name else { return #""\#(field.name)":\#(field.value)"# }
                    return value.map { #""\#(field.name)":\#($0)"# }
                }.joined(separator: ",")
            }
            let good = try command(frame.type, fields())
            for (name, value) in frame.fields {
                let isRequired = frame.required.contains(name)
                let expected = isRequired ? "BAD_REQUEST \(name)" : nil
                #expect(refusal(frame.type, fields(replacing: name, with: nil)) == expected, "\(frame.type) without \(name)")
                #expect(refusal(frame.type, fields(replacing: name, with: "null")) == expected, "\(frame.type) \(name): null")
                for misfit in Self.misfits {
                    let answer = refusal(frame.type, fields(replacing: name, with: misfit))
                    let isTaken = Self.taken[name]?.contains(misfit) == true
                    #expect(answer == (isTaken ? nil : "BAD_REQUEST \(name)"), "\(frame.type) \(name): \(misfit)")
                }
                #expect(try command(frame.type, #""\#(name)":[{"x":1}],\#(fields())"#) == good, "the last \(name) counts")
                #expect(refusal(frame.type, #"\#(fields()),"\#(name)":[{"x":1}]"#) == "BAD_REQUEST \(name)", "the last \(name) counts")
                let escaped = name.unicodeScalars.map { scalar in
                    let digits = String(scalar.value, radix: 16)
                    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }.joined()
                #expect(
                    try command(frame.type, fields(replacing: name) + (frame.fields.count > 1 ? "," : "") + #""\#(escaped)":\#(value)"#)
                        == good
                )
            }
            #expect(try command(frame.type, #""later":[{"y":1e5}],"x":null,\#(fields())"#) == good)
        }
    }

    @Test("content is what a message may say")
    func content() {
        func edit(_ content: String) -> String? { refusal("MESSAGE_EDIT", #"\#(Self.target),"content":\#(content)"#) }
        #expect(edit(#""\#(String(repeating: "🙂", count: 4_000))""#) == nil)
        #expect(edit(#""\#(String(repeating: "🙂", count: 4_001))""#) == "CONTENT_TOO_LONG content")
        #expect(edit(#""""#) == "BAD_REQUEST content")
        #expect(edit(#""a\u0000b""#) == "BAD_REQUEST content")
        #expect(edit("5") == "BAD_REQUEST content")
    }

    @Test("what is no emoji", arguments: ["", "ab", " ", "\\n", "\\u0000", "🙂🙂", "\\u200b\\u200b", "\u{7F}"])
    func notEmoji(emoji: String) {
        #expect(refusal("REACTION", #"\#(Self.target),"emoji":"\#(emoji)","op":"add""#) == "BAD_REQUEST emoji")
    }

    @Test("an emoji of a megabyte is one grapheme cluster that nobody counts")
    func hugeEmoji() {
        let zalgo = "e" + String(repeating: "\u{301}", count: 500_000)
        #expect(refusal("REACTION", #"\#(Self.target),"emoji":"\#(zalgo)","op":"add""#) == "BAD_REQUEST emoji")
        let longest = "e" + String(repeating: "\u{301}", count: 31)
        #expect(refusal("REACTION", #"\#(Self.target),"emoji":"\#(longest)","op":"add""#) == nil)
        #expect(refusal("REACTION", #"\#(Self.target),"emoji":"\#(longest + "\u{301}")","op":"add""#) == "BAD_REQUEST emoji")
    }

    @Test("huge and deep values are refused or passed over")
    func hugeValues() throws {
        let numbers = Array(repeating: "1", count: 100_000).joined(separator: ",")
        #expect(refusal("PRESENCE_WATCH", #""userIds":[\#(numbers)]"#) == "BAD_REQUEST userIds")
        #expect(refusal("SYNC", #""cursors":[\#(numbers)]"#) == "BAD_REQUEST cursors")
        let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        #expect(refusal("PRESENCE_WATCH", #""userIds":\#(deep)"#) == "BAD_REQUEST userIds")
        #expect(refusal("PRESENCE_WATCH", #""userIds":\#(String(repeating: "[", count: 100_000))"#) == "BAD_REQUEST The")
        #expect(refusal("SYNC", #""cursors":\#(String(repeating: #"{"ch:x":"#, count: 20_000))"#) == "BAD_REQUEST The")
        // A field of another frame is not even looked at.
        #expect(try command("PING", #""userIds":[\#(numbers)],"cursors":\#(deep),"emoji":7"#) == .ping)
    }

    @Test("the known types are listed to whoever names another")
    func knownTypes() {
        guard case .failure(let error) = result("NOPE", "") else { return #expect(Bool(false)) }
        #expect(error.code == .unknownType)
        for frame in Self.whole { #expect(error.message.contains(frame.type)) }
        for type in ["AUTH", "MESSAGE_SEND", "PING"] { #expect(error.message.contains(type)) }
    }

    @Test("frames with random bytes changed are decoded or refused, and never end the process")
    func fuzz() {
        var generator = SeededGenerator(seed: 20_260_108)
        let marks = Array(#"{}[]",:\0123456789-+.eEtfn uéA"#.utf8) + [0xF0, 0x9F, 0x99, 0x82]
        for frame in Self.whole {
            let fields = frame.fields.map { #""\#($0.name)":\#($0.value)"# }.joined(separator: ",")
            let bytes = Array(#"{"type":"\#(frame.type)","ref":"r",\#(fields)}"#.utf8)
            for _ in 0..<500 {
                var mutant = bytes
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    let index = Int.random(in: mutant.indices, using: &generator)
                    switch Int.random(in: 0..<3, using: &generator) {
                    case 0: mutant[index] = marks.randomElement(using: &generator) ?? 0
                    case 1: mutant.insert(marks.randomElement(using: &generator) ?? 0, at: index)
                    default: mutant.remove(at: index)
                    }
                }
                // The decoder is given valid UTF-8 only.
                let text = String(decoding: mutant, as: UTF8.self)
                if case .failure(let error) = FrameDecoder.decode(ByteBuffer(string: text)).command {
                    #expect([.badRequest, .unknownType].contains(error.code), "\(text)")
                    #expect(!error.message.isEmpty)
                }
            }
        }
    }
}

/// A command of another case than the test is about.
private struct UnexpectedCommand: Error {}
