/// Waits for what servers don't say by themselves.
enum Poll {
    private static let limit = Duration.seconds(30)

    /// Returns once something is so, asked again 50 ms after each answer.
    ///
    /// - Parameter what: what is waited for, as the error names it.
    /// - Throws: `ChildProcessError` where it isn't so within 30 s, and whatever asking throws.
    static func until(_ what: String, _ isSo: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            let isThere = try await isSo()
            if isThere { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw ChildProcessError("\(what) did not come within \(limit)")
    }
}
