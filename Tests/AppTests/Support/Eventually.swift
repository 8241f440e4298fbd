@testable import App

/// Asks until the condition is met.
///
/// - Parameters:
///   - limit: how long to go on.
///   - what: completes "… did not happen within …".
func eventually(within limit: Duration, _ what: String, _ condition: () async throws -> Bool) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while !(try await condition()) {
        guard clock.now < deadline else { throw WaitedInVain(description: "\(what) did not happen within \(limit)") }
        try await Task.sleep(for: .milliseconds(20))
    }
}
