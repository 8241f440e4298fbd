package import Actors

extension PresenceDirectory {
    /// A claim of a process that has held its lease before.
    package func claimLease(_ report: InstanceReport) async throws(PresenceError) -> LeaseClaim {
        try await claimLease(report, isFirst: false)
    }
}
