import LocalCluster
import NIOCore
import Transport

/// What Redis does for what instances tell each other: processor time in microseconds, memory in bytes.
struct RedisCosts: Sendable {
    let loop: any EventLoop

    private static let publishes = 100_000
    /// Sent before an answer is waited for.
    private static let window = 64
    /// As long as a hint about a message.
    private static let payload = [UInt8](repeating: UInt8(ascii: "x"), count: 600)
    private static let subscribers = 4
    private static let names = 50_000
    /// Of the answer to the subscription of a name: an array of three, two texts with their lengths, and a number.
    private static let confirmationLines = 6

    func measure() async throws -> [Cost: Double] {
        let redis = try await RedisServer.start()
        return try await doing {
            guard let redisID = redis.processIdentifier else { throw BenchFailure("Redis has ended") }
            let meter = ProcessMeter(processID: redisID)
            let unheard = try await publishing(to: redis, meter)
            let confirmations = LineCount()
            var subscribers: [RedisLine] = []
            for _ in 0..<Self.subscribers {
                let subscriber = try await RedisLine.connect(to: redis, on: loop, received: confirmations.take)
                subscriber.write(RedisCommand("SUBSCRIBE", "bench").bytes)
                subscribers.append(subscriber)
            }
            try await DurableBenchmark.wait("the subscriptions") { confirmations.value == Self.subscribers * Self.confirmationLines }
            let heard = try await publishing(to: redis, meter)
            for subscriber in subscribers { subscriber.close() }
            return [
                .redisPublish: unheard,
                .redisCopy: (heard - unheard) / Double(Self.subscribers),
                .redisSubscription: try await subscriptionBytes(redis),
            ]
        } finally: {
            await redis.stop()
        }
    }

    /// - Returns: microseconds a publish.
    private func publishing(to redis: RedisServer, _ meter: ProcessMeter) async throws -> Double {
        let answers = LineCount()
        let line = try await RedisLine.connect(to: redis, on: loop, received: answers.take)
        let publish = RedisCommand([Array("PUBLISH".utf8), Array("bench".utf8), Self.payload]).bytes
        var batch = ByteBuffer()
        for _ in 0..<Self.window { batch.writeImmutableBuffer(publish) }
        let before = try meter.processorTime()
        var sent = 0
        while sent < Self.publishes {
            line.write(batch)
            sent += Self.window
            while answers.value < sent - Self.window { try await Task.sleep(for: .microseconds(50)) }
        }
        let expected = sent
        try await DurableBenchmark.wait("Redis' answers") { answers.value >= expected }
        let used = try meter.processorTime() - before
        line.close()
        return used / .microseconds(1) / Double(sent)
    }

    private func subscriptionBytes(_ redis: RedisServer) async throws -> Double {
        let before = try await Self.usedMemory(redis)
        let confirmations = LineCount()
        let line = try await RedisLine.connect(to: redis, on: loop, received: confirmations.take)
        // As long as the name of a user's messages.
        for number in 0..<Self.names {
            line.write(RedisCommand("SUBSCRIBE", "chat.message:\(1_000_000 + number)-0000-7000-8000-000000000000").bytes)
        }
        try await DurableBenchmark.wait("the subscriptions") { confirmations.value == Self.names * Self.confirmationLines }
        let after = try await Self.usedMemory(redis)
        line.close()
        return Double(after - before) / Double(Self.names)
    }

    private static func usedMemory(_ redis: RedisServer) async throws -> Int {
        let lines = try await redis.command("INFO", "memory").split(whereSeparator: \.isNewline)
        guard let line = lines.first(where: { $0.hasPrefix("used_memory:") }), let bytes = Int(line.dropFirst("used_memory:".count)) else {
            throw BenchFailure("Redis doesn't tell its memory")
        }
        return bytes
    }
}
