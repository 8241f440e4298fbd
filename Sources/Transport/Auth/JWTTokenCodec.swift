package import Actors
import FoundationEssentials
import JWTKit

/// Tokens as JSON Web Tokens (RFC 7519) signed with HMAC-SHA256, and with nothing else whatever a token's header says.
///
/// Claims: `sub` user id, `sid` session id, `role`, `iat` and `exp` in seconds. The tokens carry no `kid`: there are at most two keys.
package struct JWTTokenCodec: TokenCodec {
    /// Longer ones are refused before anything is parsed; ours have about 300 bytes.
    private static let maximumLength = 4_096
    private static let minimumSecretLength = 32

    private let time: any TimeSource
    private let current: JWTKeyCollection
    /// What a signature may be made with: the current secret, then the one before it.
    private let algorithms: [any JWTAlgorithm]

    /// Nil where a secret has less than 32 bytes.
    ///
    /// - Parameters:
    ///   - secret: signs new tokens.
    ///   - previous: the secret before it, whose tokens are accepted still.
    ///   - time: what tokens expire by.
    package init?(secret: String, previous: String? = nil, time: any TimeSource) async {
        guard secret.utf8.count >= Self.minimumSecretLength, previous?.utf8.count ?? .max >= Self.minimumSecretLength else { return nil }
        self.time = time
        current = await Self.keys(secret)
        var algorithms: [any JWTAlgorithm] = []
        for secret in [secret, previous].compactMap(\.self) {
            guard let algorithm = try? await Self.keys(secret).getKey() else { return nil }
            algorithms.append(algorithm)
        }
        self.algorithms = algorithms
    }

    package func issue(_ claims: TokenClaims) async throws -> String {
        try await current.sign(TokenPayload(claims), header: ["typ": "JWT", "alg": "HS256"])
    }

    package func verify(_ token: String) async throws(RequestError) -> TokenClaims {
        guard token.utf8.count <= Self.maximumLength, let claims = verifiedPayload(token)?.claims else {
            throw RequestError(.unauthenticated, "The token is not valid; log in again.")
        }
        guard claims.expiresAt > time.now() else { throw RequestError(.tokenExpired, "The token has expired; log in again.") }
        return claims
    }

    /// Nothing of a token is believed, nor its claims read, before its signature has been checked.
    private func verifiedPayload(_ token: String) -> TokenPayload? {
        guard let token = SignedToken(Array(token.utf8)), token.isHS256 else { return nil }
        let isSigned = algorithms.contains { (try? $0.verify(token.signature, signs: token.signed)) == true }
        return isSigned ? token.claims : nil
    }

    private static func keys(_ secret: String) async -> JWTKeyCollection {
        await JWTKeyCollection().add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
    }
}
