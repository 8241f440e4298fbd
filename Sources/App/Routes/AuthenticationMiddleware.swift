import Actors
import HTTPTypes
import Hummingbird
import Transport

/// Lets a request pass that carries a valid token of a valid session, in `Authorization: Bearer` or the cookie `token`.
struct AuthenticationMiddleware: RouterMiddleware {
    let gate: SessionGate

    func handle(
        _ request: Request,
        context: APIContext,
        next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        guard let token = Self.token(of: request) else {
            throw RequestError(.unauthenticated, "Log in first: no token in the Authorization header or the cookie.")
        }
        var context = context
        context.principal = try await gate.principal(forToken: token)
        return try await next(request, context)
    }

    private static func token(of request: Request) -> String? {
        if let header = request.headers[.authorization] { return CarriedToken.bearer(header) }
        return CarriedToken.cookie(request.headers[values: .cookie])
    }
}

/// Lets only admins pass; stands behind `AuthenticationMiddleware`.
struct AdminMiddleware: RouterMiddleware {
    func handle(
        _ request: Request,
        context: APIContext,
        next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        guard try context.requirePrincipal().role == .admin else {
            throw RequestError(.forbidden, "This is for admins.")
        }
        return try await next(request, context)
    }
}
