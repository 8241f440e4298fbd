import Actors
import NIOCore
import NIOHTTP1

/// The HTTP answer to an upgrade that doesn't happen. The connection is closed after it.
struct UpgradeRefusal: Error, Equatable {
    let status: HTTPResponseStatus
    let body: ByteBuffer
    var headers: HTTPHeaders = [:]

    /// What a failed authentication is answered with.
    init(_ error: RequestError) {
        self.init(status: HTTPResponseStatus(statusCode: error.code.httpStatus), error: error)
        if let retryAfter = error.retryAfter {
            headers.add(name: "Retry-After", value: String(max(1, (retryAfter.milliseconds + 999) / 1_000)))
        }
        if status == .unauthorized { headers.add(name: "WWW-Authenticate", value: "Bearer") }
    }

    init(status: HTTPResponseStatus, error: RequestError, headers: HTTPHeaders = [:]) {
        self.status = status
        self.headers = headers
        var writer = JSONWriter(buffer: ByteBuffer())
        writer.beginObject()
        writer.beginObject("error")
        writer.field("code", error.code.rawValue)
        writer.field("message", error.message)
        writer.endObject()
        writer.endObject()
        body = writer.buffer
    }

    init(_ error: EngineIOError) {
        status = HTTPResponseStatus(statusCode: error.status)
        body = error.body
    }

    static func badRequest(_ message: String) -> Self {
        Self(status: .badRequest, error: RequestError(.badRequest, message))
    }

    static let notWebSocket = Self(
        status: .upgradeRequired,
        error: RequestError(.badRequest, "This is a WebSocket endpoint: connect with the header Upgrade: websocket."),
        headers: ["Upgrade": "websocket"]
    )

    static let wrongVersion = Self(
        status: .upgradeRequired,
        error: RequestError(.badRequest, "Only WebSocket version 13 is spoken here."),
        headers: ["Upgrade": "websocket", "Sec-WebSocket-Version": "13"]
    )

    static let originNotAllowed = Self(
        status: .forbidden,
        error: RequestError(.forbidden, "This origin is not allowed; ALLOWED_ORIGINS lists those that are.")
    )

    static let draining = Self(
        status: .serviceUnavailable,
        error: RequestError(.storeUnavailable, "This instance takes no connections now; connect again."),
        headers: ["Retry-After": "1"]
    )

    static let full = Self(
        status: .serviceUnavailable,
        error: RequestError(.storeUnavailable, "This instance has as many connections as it takes; connect again later."),
        headers: ["Retry-After": "5"]
    )

    static let tooSlow = Self(
        status: .serviceUnavailable,
        error: RequestError(.storeUnavailable, "The session could not be checked in time; connect again."),
        headers: ["Retry-After": "1"]
    )

    var head: HTTPResponseHead {
        var headers = self.headers
        headers.add(name: "Content-Type", value: "application/json; charset=utf-8")
        headers.add(name: "Content-Length", value: String(body.readableBytes))
        headers.add(name: "Cache-Control", value: "no-store")
        headers.add(name: "Connection", value: headers.contains(name: "Upgrade") ? "upgrade, close" : "close")
        return HTTPResponseHead(version: .http1_1, status: status, headers: headers)
    }
}
