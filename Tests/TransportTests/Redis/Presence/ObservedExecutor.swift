import Actors
import Transport

/// Stands between presence and the bus: sees what is sent, has something happen between two goes, and can end the process after one.
final class ObservedExecutor: RedisExecutor {
    private struct State {
        var goes: [[RedisCommand]] = []
        var left = Int.max
        var acts: [(isDue: @Sendable ([RedisCommand]) -> Bool, act: @Sendable () async throws -> Void)] = []
    }

    private let next: any RedisExecutor
    private let state = Locked(State())

    init(_ next: any RedisExecutor) {
        self.next = next
    }

    /// What was sent since the last look, go by go.
    func takeGoes() -> [[RedisCommand]] {
        state.withLock { state in
            defer { state.goes = [] }
            return state.goes
        }
    }

    /// Fails every go after the next `count`, as if the process were killed.
    func end(after count: Int) {
        state.withLock { $0.left = count }
    }

    /// Has `act` happen once, just before the first go with a command that has `name`, and `key` where it isn't nil.
    func before(_ name: String, _ key: String? = nil, _ act: @escaping @Sendable () async throws -> Void) {
        state.withLock { $0.acts.append(({ $0.contains { $0.has(name, key) } }, act)) }
    }

    func execute(_ commands: [RedisCommand], within limit: Duration) async throws(RedisError) -> [RedisReply] {
        let acts = state.withLock { state in
            let due = state.acts.filter { $0.isDue(commands) }
            state.acts.removeAll { $0.isDue(commands) }
            return due
        }
        for act in acts {
            do {
                try await act.act()
            } catch {
                throw RedisError(.refused, "what was to happen has failed: \(error)")
            }
        }
        let isAlive = state.withLock { state in
            guard state.left > 0 else { return false }
            state.left -= 1
            state.goes.append(commands)
            return true
        }
        guard isAlive else { throw RedisError(.unavailable, "killed") }
        return try await next.execute(commands, within: limit)
    }
}

extension RedisCommand {
    fileprivate func has(_ name: String, _ key: String?) -> Bool {
        let words = arguments.map { String(decoding: $0, as: UTF8.self) }
        return words[0] == name && (key.map(words.contains) ?? true)
    }
}
