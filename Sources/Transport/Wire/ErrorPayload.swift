package import Actors

/// The body of every HTTP error: `{"error": {"code", "message"}}`.
package struct ErrorPayload: Codable, Hashable, Sendable {
    package struct Detail: Codable, Hashable, Sendable {
        package let code: String
        package let message: String
    }

    package let error: Detail

    package init(_ error: RequestError) {
        self.error = Detail(code: error.code.rawValue, message: error.message)
    }
}

extension RequestError.Code {
    /// The HTTP status that goes with the code.
    package var httpStatus: Int {
        switch self {
        case .badRequest, .unknownType: 400
        case .unauthenticated, .tokenExpired: 401
        case .accountSuspended, .forbidden: 403
        case .notFound: 404
        case .conflict: 409
        case .contentTooLong: 413
        case .rateLimited: 429
        case .storeUnavailable: 503
        case .internalError: 500
        }
    }
}
