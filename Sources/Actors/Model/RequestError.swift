/// A request that was refused, in the client protocol's words.
package struct RequestError: Error, Hashable, Sendable {
    /// The codes of the client protocol.
    package enum Code: String, Hashable, Sendable, CaseIterable {
        case badRequest = "BAD_REQUEST"
        case unknownType = "UNKNOWN_TYPE"
        case unauthenticated = "UNAUTHENTICATED"
        case tokenExpired = "TOKEN_EXPIRED"
        case accountSuspended = "ACCOUNT_SUSPENDED"
        case forbidden = "FORBIDDEN"
        case notFound = "NOT_FOUND"
        case conflict = "CONFLICT"
        case contentTooLong = "CONTENT_TOO_LONG"
        case rateLimited = "RATE_LIMITED"
        case storeUnavailable = "STORE_UNAVAILABLE"
        case internalError = "INTERNAL"
    }

    package let code: Code
    /// For people; says what is allowed.
    package let message: String
    /// How long to wait where waiting helps.
    package let retryAfter: Duration?

    package init(_ code: Code, _ message: String, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
    }

    package static let suspended = RequestError(.accountSuspended, "This account is suspended.")

    /// What a client is told of a store's failure: never the store's own words.
    package init(_ error: StoreError) {
        switch error.code {
        case .duplicateKey:
            self.init(.conflict, "It exists already.")
        case .unavailable, .timeout, .overloaded:
            self.init(.storeUnavailable, "The store did not answer; try again with the same clientMessageId.", retryAfter: .seconds(1))
        case .other:
            self.init(.internalError, "Something went wrong on this side.")
        }
    }

    package init(_ reason: EndReason) {
        switch reason {
        case .suspended: self = .suspended
        case .tokenExpired: self.init(.tokenExpired, "The token has expired; log in again.")
        case .rateLimited: self.init(.rateLimited, "Too many frames.")
        default: self.init(.unauthenticated, "Log in first: the session is not valid.")
        }
    }
}
