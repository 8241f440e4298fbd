package import Actors
package import Logging

/// Failed log-ins in Redis: a list of their times a key, each key by itself, so that a cluster may have them on any server.
package struct RedisLogInFailures: LogInFailures {
    /// A person waits for the answer.
    private static let timeLimit = Duration.milliseconds(500)

    /// Answers how many milliseconds the key has to wait, or 0, and counts a failure then where it is told to. By Redis' own clock, as
    /// those of the instances differ. The key goes when its last failure is past.
    private static let script = """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
        local first = redis.call('LINDEX', KEYS[1], -limit)
        if first and now - first < window then return math.min(window, window - (now - first)) end
        if ARGV[3] == '1' then
            redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
            redis.call('LTRIM', KEYS[1], -limit, -1)
            redis.call('PEXPIRE', KEYS[1], window)
        end
        return 0
        """

    private let executor: any RedisExecutor
    private let limit: Int
    private let window: Duration
    private let logger: Logger

    /// - Parameters:
    ///   - executor: takes the commands.
    ///   - limit: failures in `window` at which a key has to wait.
    package init(
        executor: any RedisExecutor,
        limit: Int = LogInLimit.failures,
        window: Duration = LogInLimit.window,
        logger: Logger = Logger(label: "Session")
    ) {
        self.executor = executor
        self.limit = limit
        self.window = window
        self.logger = logger
    }

    package func delay(for keys: [LogInKey]) async -> Duration? {
        await delays(of: keys, counting: false).max()
    }

    package func noteFailure(of keys: [LogInKey]) async -> Duration? {
        for key in keys {
            // Apart from the condition: the optimizer of Swift 6.3 crashes where they are one.
            let delays = await delays(of: [key], counting: true)
            if let delay = delays.first { return delay }
        }
        return nil
    }

    /// Of those that have to wait; nothing where Redis doesn't say.
    private func delays(of keys: [LogInKey], counting: Bool) async -> [Duration] {
        let commands = keys.map { key in
            RedisCommand("EVAL", Self.script, "1", key.redisKey, String(limit), String(window.milliseconds), counting ? "1" : "0")
        }
        do throws(RedisError) {
            let replies = try await executor.execute(commands, within: Self.timeLimit)
            if let code = replies.lazy.compactMap(\.errorCode).first { noteSilence(code) }
            return replies.compactMap(\.number).filter { $0 > 0 }.map { .milliseconds($0) }
        } catch {
            noteSilence("\(error.code)")
            return []
        }
    }

    private func noteSilence(_ code: String) {
        logger.debug("log_in_limit_local", metadata: ["error": .string(code)])
    }
}

extension LogInKey {
    /// Digests: who looks into Redis finds no list of whom somebody tried to be, and any text makes a short key.
    fileprivate var redisKey: String {
        let (kind, text) =
            switch self {
            case .address(let address): ("address", address)
            case .name(let name): ("name", name)
            }
        return "login_failures:\(kind):\(ContentDigest.of(text).hexadecimal)"
    }
}
