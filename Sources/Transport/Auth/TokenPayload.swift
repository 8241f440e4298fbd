import Actors
import JWTKit

/// The claims as they stand in a token.
struct TokenPayload: JWTPayload {
    let sub: String
    let sid: String
    let role: String
    /// NumericDate (RFC 7519, section 2): seconds, which need not be whole.
    let iat: Double
    let exp: Double

    init(sub: String, sid: String, role: String, iat: Double, exp: Double) {
        self.sub = sub
        self.sid = sid
        self.role = role
        self.iat = iat
        self.exp = exp
    }

    init(_ claims: TokenClaims) {
        sub = claims.userID.description
        sid = claims.sessionID.description
        role = claims.role.rawValue
        iat = Double(claims.issuedAt.milliseconds / 1_000)
        exp = Double(claims.expiresAt.milliseconds / 1_000)
    }

    /// The claims in our own types; nil where one is not what we write.
    var claims: TokenClaims? {
        guard
            let userID = UserID(sub),
            let sessionID = SessionID(sid),
            let role = Role(rawValue: role),
            let issuedAt = Self.timestamp(iat),
            let expiresAt = Self.timestamp(exp)
        else { return nil }
        return TokenClaims(userID: userID, sessionID: sessionID, role: role, issuedAt: issuedAt, expiresAt: expiresAt)
    }

    /// Nothing here: the codec judges the times by its own clock, after the signature.
    func verify(using algorithm: some JWTAlgorithm) {}

    private static func timestamp(_ seconds: Double) -> Timestamp? {
        // The last second of the year 9999.
        guard (0...253_402_300_799).contains(seconds) else { return nil }
        return Timestamp(milliseconds: Int64(seconds * 1_000))
    }
}
