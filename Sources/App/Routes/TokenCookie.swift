import Actors
import Hummingbird

/// The cookie `token` as browsers keep it.
struct TokenCookie: Sendable {
    /// False only in development, where there is no TLS.
    let isSecure: Bool
    let domain: String?

    func cookie(for logIn: LogIn) -> Cookie {
        let lifetime = (logIn.session.expiresAt - logIn.session.createdAt).components.seconds
        return cookie(value: logIn.token, maxAge: Int(lifetime))
    }

    /// Makes a browser forget the cookie.
    var expired: Cookie {
        cookie(value: "", maxAge: 0)
    }

    private func cookie(value: String, maxAge: Int) -> Cookie {
        Cookie(
            name: "token",
            value: value,
            maxAge: maxAge,
            domain: domain,
            path: "/",
            secure: isSecure,
            httpOnly: true,
            sameSite: .lax
        )
    }
}
