import Actors
import FoundationEssentials
import LocalCluster
import Transport

@testable import App

/// Tokens that no instance has issued.
enum TokenForge {
    /// A token of an account's session, rightly signed unless another secret is given.
    static func token(
        for account: APIClient.Account,
        role: Role = .user,
        expiresIn lifetime: Duration,
        secret: String = ServerProcess.tokenSecret
    ) async throws -> String {
        let time = SystemTime()
        guard let codec = await JWTTokenCodec(secret: secret, time: time), let user = UserID(account.userID),
            let session = SessionID(account.sessionID)
        else { throw APIClient.Failure(description: "no token can be made") }
        let now = time.now()
        return try await codec.issue(
            TokenClaims(userID: user, sessionID: session, role: role, issuedAt: now, expiresAt: now.advanced(by: lifetime))
        )
    }

    /// The same claims under a header that names no algorithm, without a signature.
    static func unsigned(_ token: String) -> String {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        let header = Data(#"{"alg":"none","typ":"JWT"}"#.utf8).base64EncodedString().replacing("=", with: "")
        return "\(header).\(parts[1])."
    }

    /// The same header and signature around other claims.
    static func altered(_ token: String) -> String {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        let claims = String(parts[1].reversed())
        return "\(parts[0]).\(claims).\(parts[2])"
    }
}
