/// What a failed log-in is counted for.
package enum LogInKey: Hashable, Sendable {
    case address(String)
    /// Folded, so that the case doesn't count.
    case name(String)
}

/// Counts failed log-ins over all instances.
///
/// It never fails: where it can't say in time it lets everybody pass, and each instance's own count stands.
package protocol LogInFailures: Sendable {
    /// How long the longest of `keys` has to wait; nil where all of them may try.
    func delay(for keys: [LogInKey]) async -> Duration?

    /// Counts a failure for one key after the other, up to the first that has to wait already.
    ///
    /// - Returns: how long that one has to wait; nil where each was counted.
    func noteFailure(of keys: [LogInKey]) async -> Duration?
}

/// How many log-ins may fail before a name or an address has to wait.
package enum LogInLimit {
    package static let failures = 10
    package static let window = Duration.seconds(300)
}
