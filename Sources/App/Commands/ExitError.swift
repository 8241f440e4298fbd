/// Why the program ends, in one line for people, and the status it ends with.
struct ExitError: Error, Equatable, CustomStringConvertible {
    /// Exit statuses; the numbers are those of sysexits.h.
    enum Status: Int32, Sendable {
        /// Something that was asked for failed.
        case failure = 1
        /// Redis can't be reached and is required.
        case redisUnavailable = 69
        /// Not now; worth trying again.
        case temporaryFailure = 75
        /// A setting can't be used.
        case settings = 78
    }

    let status: Status
    /// One line without a secret.
    let message: String

    init(_ status: Status, _ message: String) {
        self.status = status
        self.message = message
    }

    var description: String { message }
}
