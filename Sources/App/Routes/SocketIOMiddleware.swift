import Actors
import HTTPTypes
import Hummingbird
import NIOCore
import Transport

/// Answers the requests of Engine.IO's long polling: all that are below its path, whatever their method.
struct SocketIOMiddleware: RouterMiddleware {
    let door: SocketIODoor
    let proxies: TrustedProxies

    func handle(
        _ request: Request,
        context: APIContext,
        next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        guard let server = door.server(for: request.uri.path) else { return try await next(request, context) }
        do throws(EngineIOError) {
            let body = try await server.respond(to: engineIORequest(request, context), loops: door.loops) {
                () async throws(EngineIOError) in
                try await Self.body(of: request, limit: server.configuration.maxPayload)
            }
            let type = request.method == .post ? "text/html" : "text/plain; charset=UTF-8"
            return response(.ok, type, body)
        } catch {
            return response(HTTPResponse.Status(code: error.status), "application/json", error.body)
        }
    }

    private func response(_ status: HTTPResponse.Status, _ type: String, _ body: ByteBuffer) -> Response {
        Response(status: status, headers: [.contentType: type, .cacheControl: "no-store"], body: .init(byteBuffer: body))
    }

    private static func body(of request: Request, limit: Int) async throws(EngineIOError) -> ByteBuffer {
        do {
            return try await request.body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw .tooLarge
        } catch {
            // The client has gone.
            throw .badRequest
        }
    }

    private func engineIORequest(_ request: Request, _ context: APIContext) -> EngineIORequest {
        let endpoint = RequestEndpoint(request, context: context, proxies: proxies)
        let token =
            request.headers[.authorization].flatMap { CarriedToken.bearer($0) }
            ?? CarriedToken.cookie(request.headers[values: .cookie])
        let userAgent = request.headers[.userAgent].map { String($0.prefix(256)) }
        return EngineIORequest(
            method: request.method.rawValue,
            uri: request.head.path ?? "",
            origin: request.headers[.origin],
            endpoint: endpoint,
            handshake: EngineIOHandshake(peer: PeerInfo(userAgent: userAgent, address: endpoint.clientAddress), token: token),
            contentType: request.headers[.contentType],
            channel: context.channel
        )
    }
}
