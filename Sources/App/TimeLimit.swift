import Actors

/// What `body` returns within `limit`; nil past that, and the body is cancelled then. It is waited for until it has heeded that: what can't
/// be cancelled has no limit here.
func value<Value: Sendable>(
    within limit: Duration,
    by time: any TimeSource = SystemTime(),
    of body: @escaping @Sendable () async -> Value
) async -> Value? {
    await withTaskGroup(of: Value?.self) { group in
        group.addTask(operation: body)
        group.addTask {
            try? await time.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        return await group.next() ?? nil
    }
}
