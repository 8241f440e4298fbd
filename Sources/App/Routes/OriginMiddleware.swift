import Actors
import HTTPTypes
import Hummingbird
import Transport

/// Answers CORS for the allowed origins (https://fetch.spec.whatwg.org/#http-cors-protocol), and refuses requests that change
/// something for a page of another origin: the cookie comes with them whoever made them.
struct OriginMiddleware: RouterMiddleware {
    let origins: AllowedOrigins
    let proxies: TrustedProxies

    func handle(
        _ request: Request,
        context: APIContext,
        next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        guard let origin = request.headers[.origin] else { return try await next(request, context) }
        let isAllowed = allows(origin, request, context)
        if request.method == .options, request.headers[.accessControlRequestMethod] != nil {
            return Response(status: isAllowed ? .noContent : .forbidden, headers: isAllowed ? preflight(origin) : [:])
        }
        let changes = request.method != .get && request.method != .head
        if changes, !isAllowed, CarriedToken.cookie(request.headers[values: .cookie]) != nil {
            return try JSONBody.response(ErrorPayload(.originNotAllowed), status: .forbidden)
        }
        var response = try await next(request, context)
        if isAllowed {
            for field in headers(origin) { response.headers[field.name] = field.value }
        }
        return response
    }

    fileprivate func allows(_ origin: String, _ request: Request, _ context: APIContext) -> Bool {
        origins.allows(origin, own: RequestEndpoint(request, context: context, proxies: proxies).ownOrigin)
    }

    private func headers(_ origin: String) -> HTTPFields {
        [.accessControlAllowOrigin: origin, .accessControlAllowCredentials: "true", .vary: "Origin"]
    }

    private func preflight(_ origin: String) -> HTTPFields {
        var fields = headers(origin)
        fields[.accessControlAllowMethods] = "GET, POST, PATCH, DELETE"
        fields[.accessControlAllowHeaders] = "Authorization, Content-Type"
        fields[.accessControlMaxAge] = "600"
        return fields
    }
}

/// Refuses to log anybody in for a page of another origin, whether or not a cookie comes with the request.
///
/// The answer's cookie would be kept: the page could make the visitor's browser that of an account of its own.
struct LogInOriginMiddleware: RouterMiddleware {
    let origins: OriginMiddleware

    func handle(
        _ request: Request,
        context: APIContext,
        next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        if let origin = request.headers[.origin], !origins.allows(origin, request, context) { throw RequestError.originNotAllowed }
        return try await next(request, context)
    }
}

extension RequestError {
    fileprivate static let originNotAllowed = RequestError(
        .forbidden,
        "This origin is not allowed; ALLOWED_ORIGINS lists those that are."
    )
}

/// Says who is at the other end of a request, behind a trusted proxy too.
struct PeerResolver: Sendable {
    let proxies: TrustedProxies

    func peer(of request: Request, context: APIContext) -> PeerInfo {
        let endpoint = RequestEndpoint(request, context: context, proxies: proxies)
        return PeerInfo(userAgent: request.headers[.userAgent], address: endpoint.clientAddress)
    }
}

extension RequestEndpoint {
    init(_ request: Request, context: APIContext, proxies: TrustedProxies) {
        self.init(socketAddress: context.remoteAddress?.ipAddress, isSecure: request.head.scheme == "https", trustedProxies: proxies) {
            name in
            if name.lowercased() == "host" { return request.head.authority }
            return HTTPField.Name(name).flatMap { request.headers[$0] }
        }
    }
}
