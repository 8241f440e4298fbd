/// Makes and checks signed tokens.
package protocol TokenCodec: Sendable {
    func issue(_ claims: TokenClaims) async throws -> String

    /// The claims of a token that is signed with a known key and not expired.
    ///
    /// - Throws: `RequestError` with `.tokenExpired` or `.unauthenticated`; it never holds the token.
    func verify(_ token: String) async throws(RequestError) -> TokenClaims
}

/// Hashes passwords on threads of its own.
package protocol PasswordHasher: Sendable {
    /// A PHC string for storage.
    ///
    /// - Throws: `RequestError` with `.storeUnavailable` where too many wait.
    func hash(_ password: String) async throws(RequestError) -> String

    /// Whether `password` belongs to `hash`, compared in constant time. With nil it works as long and answers false.
    ///
    /// - Throws: as `hash`.
    func verify(_ password: String, against hash: String?) async throws(RequestError) -> Bool
}
