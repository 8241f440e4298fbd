/// Something that was waited for did not come.
struct WaitedInVain: Error, CustomStringConvertible {
    let description: String
}

/// Runs `body` for at most `timeout`; past it the body is cancelled.
///
/// - Parameter what: completes "… did not come within …".
func within<Value: Sendable>(
    _ timeout: Duration,
    _ what: String,
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask(operation: body)
        group.addTask {
            try await Task.sleep(for: timeout)
            throw WaitedInVain(description: "\(what) did not come within \(timeout)")
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw CancellationError() }
        return value
    }
}
