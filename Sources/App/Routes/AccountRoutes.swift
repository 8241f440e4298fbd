import Actors
import HTTPTypes
import Hummingbird

/// Registration, log-in and log-out.
struct AccountRoutes: Sendable {
    let accounts: Accounts
    let authentication: AuthenticationMiddleware
    let origins: OriginMiddleware
    let peers: PeerResolver
    let cookies: TokenCookie

    private struct Credentials: Decodable {
        let username: String
        let password: String
    }

    func add(to api: RouterGroup<APIContext>) {
        let door = api.group("auth").add(middleware: LogInOriginMiddleware(origins: origins))
        door.post("register") { request, context in
            let body = try await JSONBody.decode(Credentials.self, from: request)
            let peer = peers.peer(of: request, context: context)
            let logIn = try await accounts.register(username: body.username, password: body.password, peer: peer)
            return try answer(logIn, status: .created)
        }
        door.post("login") { request, context in
            let body = try await JSONBody.decode(Credentials.self, from: request)
            let peer = peers.peer(of: request, context: context)
            let logIn = try await accounts.logIn(username: body.username, password: body.password, peer: peer)
            return try answer(logIn, status: .ok)
        }
        api.group("auth/logout").add(middleware: authentication).post { _, context in
            try await accounts.logOut(context.requirePrincipal())
            var response = Response(status: .noContent)
            response.setCookie(cookies.expired)
            return response
        }
    }

    private func answer(_ logIn: LogIn, status: HTTPResponse.Status) throws -> Response {
        var response = try JSONBody.response(LogInPayload(logIn), status: status)
        response.setCookie(cookies.cookie(for: logIn))
        return response
    }
}
