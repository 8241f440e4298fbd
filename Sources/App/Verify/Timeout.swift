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
    let outcome = await value(within: timeout) { () async -> Result<Value, any Error> in
        do { return .success(try await body()) } catch { return .failure(error) }
    }
    guard let outcome else {
        try Task.checkCancellation()
        throw WaitedInVain(description: "\(what) did not come within \(timeout)")
    }
    return try outcome.get()
}
