import Actors
import FoundationEssentials
import Logging
import Testing

@testable import App

@Suite("A log line is one line, in the form that programs read")
struct LogLineTests {
    private func line(
        _ format: LogFormat = .text,
        level: Logger.Level = .info,
        event: String = "chat_message_published",
        metadata: Logger.Metadata = [:]
    ) -> String {
        let time = Timestamp(milliseconds: 1_767_873_600_000)
        let line = LogLine(time: time, level: level, component: "RedisBus", event: event, metadata: metadata)
        return String(decoding: line.bytes(format, instanceID: "A"), as: UTF8.self)
    }

    @Test("Time, level, component, event and data, the instance's id last")
    func text() {
        let metadata: Logger.Metadata = ["originInstanceId": "A", "recipientId": "r", "messageId": "m"]
        #expect(
            line(metadata: metadata)
                == "2026-01-08T12:00:00.000Z [INFO] [RedisBus] chat_message_published "
                + "{\"messageId\":\"m\",\"recipientId\":\"r\",\"originInstanceId\":\"A\",\"instanceId\":\"A\"}\n"
        )
        #expect(line(event: "stopped").hasSuffix("stopped {\"instanceId\":\"A\"}\n"))
    }

    @Test(
        "Levels have their names",
        arguments: [
            (Logger.Level.trace, "TRACE"), (.debug, "DEBUG"), (.info, "INFO"), (.notice, "NOTICE"), (.warning, "WARN"), (.error, "ERROR"),
            (.critical, "FATAL"),
        ]
    )
    func levels(level: Logger.Level, name: String) {
        #expect(line(level: level).contains(" [\(name)] [RedisBus] "))
    }

    @Test("Numbers and truth values stay what they are, also nested")
    func types() {
        let metadata: Logger.Metadata = [
            "a": .stringConvertible(5_000), "b": .stringConvertible(true), "c": .stringConvertible(0.5), "d": "7",
            "e": .array([.stringConvertible(UInt8(1)), "x"]), "f": .dictionary(["y": "z", "n": .stringConvertible(-1)]),
            "g": .stringConvertible(Double.nan),
        ]
        let expected = #"{"a":5000,"b":true,"c":0.5,"d":"7","e":[1,"x"],"f":{"n":-1,"y":"z"},"g":"nan","instanceId":"A"}"#
        #expect(line(metadata: metadata).hasSuffix(expected + "\n"))
    }

    @Test("Nothing that is logged can break a line or add a field", arguments: [LogFormat.text, .json])
    func injection(format: LogFormat) throws {
        let hostile = "a\r\n2026 [FATAL] \"},{\u{1B}[31m\\\u{0}\u{7F}"
        let text = line(format, event: hostile, metadata: ["key\n": .string(hostile), "instanceId": "B"])
        #expect(text.filter(\.isNewline) == "\n")
        #expect(text.hasSuffix("\n"))
        #expect(!text.unicodeScalars.dropLast().contains { $0.value < 0x20 || $0.value == 0x7F })
        #expect(!text.contains("\"instanceId\":\"B\""))
    }

    @Test("As JSON each line is one object")
    func json() throws {
        let text = line(.json, level: .warning, event: "bus_lost", metadata: ["downMs": .stringConvertible(7), "time": "mine"])
        #expect(
            text == #"{"time":"2026-01-08T12:00:00.000Z","level":"WARN","component":"RedisBus","event":"bus_lost","instanceId":"A","#
                + #""downMs":7,"time_":"mine"}"# + "\n"
        )
        struct Line: Decodable { let event: String }
        #expect(try JSONDecoder().decode(Line.self, from: Data(text.utf8)).event == "bus_lost")
    }
}
