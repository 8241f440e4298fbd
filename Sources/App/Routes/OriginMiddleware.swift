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
        let isAllowed = origins.allows(origin, own: RequestEndpoint(request, context: context, proxies: proxies).ownOrigin)
        if request.method == .options, request.headers[.accessControlRequestMethod] != nil {
            return Response(status: isAllowed ? .noContent : .forbidden, headers: isAllowed ? preflight(origin) : [:])
        }
        let changes = request.method != .get && request.method != .head
        if changes, !isAllowed, CarriedToken.cookie(request.headers[values: .cookie]) != nil {
            let error = RequestError(.forbidden, "This Origin is not allowed.")
            return try JSONBody.response(ErrorPayload(error), status: .forbidden)
        }
        var response = try await next(request, context)
        if isAllowed {
            for field in headers(origin) { response.headers[field.name] = field.value }
        }
        return response
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
