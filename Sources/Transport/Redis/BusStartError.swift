import Actors

/// The bus is required and could not be reached while the process started.
package struct BusStartError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The status that the process ends with, `EX_UNAVAILABLE` of `sysexits.h`.
    package static let exitStatus: Int32 = 69

    /// Host and port, or the socket's path.
    package let endpoint: String
    /// Why the last attempt failed.
    package let reason: String
    package let timeout: Duration

    /// One line for people: what failed, and what to do.
    package var description: String {
        "Redis at \(endpoint) was not reached within \(timeout.milliseconds) ms (\(reason)): "
            + "start it, correct REDIS_URL or REDIS_HOST, or set BUS_REQUIRED=false to start without it"
    }
}
