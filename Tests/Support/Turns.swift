/// So many at once, the others in the order of their calls: all tests together ask more of a server than it answers in time.
package actor Turns {
    /// Those that the task has its turn of: within it needs no other, and all that wait for a second one would wait for each other.
    @TaskLocal private static var held: Set<ObjectIdentifier> = []

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    package init(_ count: Int) {
        free = count
    }

    /// Runs `body` when its turn has come.
    package nonisolated func take<Value>(_ body: () async throws -> Value) async throws -> Value {
        let held = Self.held
        guard !held.contains(ObjectIdentifier(self)) else { return try await body() }
        await enter()
        do {
            let value = try await Self.$held.withValue(held.union([ObjectIdentifier(self)])) { try await body() }
            await leave()
            return value
        } catch {
            await leave()
            throw error
        }
    }

    private func enter() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func leave() {
        if waiting.isEmpty {
            free += 1
        } else {
            waiting.removeFirst().resume()
        }
    }
}
