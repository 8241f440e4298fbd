import Actors
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import Transport

/// Turns every error of a route into the API's error body.
struct ErrorMiddleware: RouterMiddleware {
    func handle(
        _ request: Request,
        context: APIContext,
        next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as RequestError {
            return try response(error)
        } catch let error as any HTTPResponseError where error.status == .notFound {
            return try response(RequestError(.notFound, "There is nothing at this path."))
        } catch let error as any HTTPResponseError where error.status.kind == .clientError {
            return try response(RequestError(.badRequest, "The request can't be read."), status: error.status)
        } catch {
            context.logger.error("request_failed", metadata: ["error": "\(type(of: error))"])
            return try response(RequestError(.internalError, "Something went wrong on this side."))
        }
    }

    private func response(_ error: RequestError, status: HTTPResponse.Status? = nil) throws -> Response {
        var headers: HTTPFields = [:]
        if let delay = error.retryAfter {
            headers[.retryAfter] = String(max(1, (delay.milliseconds + 999) / 1_000))
        }
        let status = status ?? HTTPResponse.Status(code: error.code.httpStatus)
        // How to get in (RFC 9110, 15.5.2).
        if status == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
        return try JSONBody.response(
            ErrorPayload(error),
            status: status,
            headers: headers
        )
    }
}
