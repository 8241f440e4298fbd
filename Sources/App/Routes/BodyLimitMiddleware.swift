import Actors
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Transport

/// Reads a request's body before any route acts on the request, so that one that is too long changes nothing, whatever is at the path.
///
/// The refusal says `Connection: close`: what is left of the body is not taken.
struct BodyLimitMiddleware: RouterMiddleware {
    /// Bytes.
    let limit: Int

    func handle(
        _ request: Request,
        context: APIContext,
        next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        // Without one of these there is no body (RFC 9112, section 6.3).
        let length = request.headers[.contentLength]
        guard length != nil || request.headers[.transferEncoding] != nil else { return try await next(request, context) }
        if let length = length.flatMap({ Int($0) }), length > limit { return try refusal() }
        var request = request
        do {
            _ = try await request.collectBody(upTo: limit)
        } catch is NIOTooManyBytesError {
            return try refusal()
        } catch is HTTPParserError {
            throw RequestError(.badRequest, "The body can't be read.")
        }
        return try await next(request, context)
    }

    private func refusal() throws -> Response {
        let error = RequestError(.contentTooLong, "The body may hold at most \(limit) bytes.")
        return try JSONBody.response(ErrorPayload(error), status: .contentTooLarge, headers: [.connection: "close"])
    }
}
