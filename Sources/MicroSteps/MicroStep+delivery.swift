import Actors
import LocalCluster
import Logging
import NIOCore
import Transport

/// Whom a message is for, and whether it is its turn.
extension MicroStep {
    static let delivery = [
        MicroStep("cursor", "a message's turn, and once more as a duplicate") {
            Prepared { count in
                var cursor = Cursor<Int64>(position: 0)
                for seq in 1...Int64(max(1, count)) {
                    guard case .deliver = cursor.receive(seq, seq: seq), case .drop = cursor.receive(seq, seq: seq) else {
                        throw MicroStepFailure("the cursor refused a message in its turn")
                    }
                }
            }
        },
        MicroStep("offset", "a Socket.IO client's place in 3 conversations written, read and checked") {
            var cursors: [ConversationID: Int64] = [.channel(try Sample.channel()): 1_234]
            for number in 3...4 { cursors[.direct(UserPair(try Sample.user(), try Sample.user(number)))] = 56 }
            let offset = SyncOffset(userID: try Sample.user(), stamp: Stamp(7_000_000_000), cursors: cursors)
            return Prepared { count in
                for _ in 0..<count {
                    var text = ByteBuffer()
                    offset.write(to: &text)
                    guard SyncOffset(String(buffer: text)) == offset else { throw MicroStepFailure("the offset is another one") }
                }
            }
        },
        MicroStep("registry-lookup", "the channel of a message found among 1,000, two users not found", prepare: prepareRegistry),
    ]

    private static func prepareRegistry() async throws -> Prepared {
        let directory = try TemporaryDirectory()
        let store = try await SQLiteStore.open(path: directory.path(of: "switchboard.db"))
        let quiet = Logger(label: "step") { _ in SwiftLogNoOpLogHandler() }
        let bus = DisabledBus(nodeEnvironment: "step", logger: quiet)
        let environment = DeliveryEnvironment(store: store, bus: bus, time: StillTime(), logger: quiet)
        let registry = Registry(environment: environment)
        let names = try (0..<1_000).map { number in
            guard let name = ChannelName("channel-\(number)") else { throw MicroStepFailure("channel-\(number) is no name") }
            return name
        }
        for name in names { _ = registry.channels.open(name, environment: environment) }
        let strangers = [try Sample.user(5), try Sample.user(6)]
        return Prepared { count in
            for number in 0..<count {
                let channel = registry.channels.channel(names[number % names.count])
                let users = registry.users(strangers)
                guard channel != nil, users.isEmpty else { throw MicroStepFailure("the registry holds something else") }
            }
        } finish: {
            await store.close()
            withExtendedLifetime(directory) {}
        }
    }
}

/// Nothing that is measured looks at the clock.
private struct StillTime: TimeSource {
    func now() -> Timestamp { Timestamp(milliseconds: 1_767_873_600_000) }
    func uptime() -> Duration { .zero }
    func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}
