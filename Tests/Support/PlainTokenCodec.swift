package import Actors

/// Tokens that anybody can read and make: the claims as text. For tests of what a token leads to.
package struct PlainTokenCodec: TokenCodec {
    private let time: any TimeSource

    package init(time: any TimeSource) {
        self.time = time
    }

    package func issue(_ claims: TokenClaims) -> String {
        let fields: [any CustomStringConvertible] = [
            claims.userID, claims.sessionID, claims.role.rawValue, claims.issuedAt.milliseconds, claims.expiresAt.milliseconds,
        ]
        return fields.map(\.description).joined(separator: "|")
    }

    package func verify(_ token: String) throws(RequestError) -> TokenClaims {
        let fields = token.split(separator: "|", omittingEmptySubsequences: false)
        guard
            fields.count == 5,
            let user = UserID(fields[0]),
            let session = SessionID(fields[1]),
            let role = Role(rawValue: String(fields[2])),
            let issuedAt = Int64(fields[3]),
            let expiresAt = Int64(fields[4])
        else { throw RequestError(.unauthenticated, "The token is not valid.") }
        guard Timestamp(milliseconds: expiresAt) > time.now() else { throw RequestError(.tokenExpired, "The token has expired.") }
        return TokenClaims(
            userID: user,
            sessionID: session,
            role: role,
            issuedAt: Timestamp(milliseconds: issuedAt),
            expiresAt: Timestamp(milliseconds: expiresAt)
        )
    }
}
