/// A failure between this process and Redis. Its words hold no secret and no payload, so that they may be logged.
package struct RedisError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    package enum Code: Hashable, Sendable {
        /// A setting is wrong: nothing was tried.
        case configuration
        /// No connection could be made, or there is none at this moment.
        case unavailable
        /// TLS could not be agreed on; the certificate is not trusted, for instance.
        case tls
        /// Redis wants other credentials.
        case authentication
        /// No answer in time. Of a command it is not known whether it was carried out.
        case timeout
        /// The connection ended before the answer. Of a command it is not known whether it was carried out.
        case closed
        /// What came is not the Redis protocol, or more than is accepted.
        case protocolViolation
        /// Redis answered with an error.
        case refused
        /// More commands wait for an answer than are allowed; this one was not sent.
        case overloaded
    }

    package let code: Code
    /// For the log and for people.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String {
        message
    }

    /// The same with what it is about before its words.
    func about(_ what: String) -> RedisError {
        RedisError(code, "\(what): \(message)")
    }

    static let closed = RedisError(.closed, "the connection was closed")

    /// The server is no primary, or is none any more.
    static let replica = RedisError(.refused, "Redis is a replica, which takes no writes")
}
