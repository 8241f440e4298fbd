package import NIOCore

/// A request that Engine.IO answers with an error, in its own words and numbers.
package struct EngineIOError: Error, Hashable, Sendable {
    package let code: Int
    package let message: String
    /// Of the HTTP answer.
    package let status: Int

    private init(_ code: Int, _ message: String, status: Int = 400) {
        self.code = code
        self.message = message
        self.status = status
    }

    package static let unknownTransport = Self(0, "Transport unknown")
    package static let unknownSession = Self(1, "Session ID unknown")
    package static let badHandshakeMethod = Self(2, "Bad handshake method")
    package static let badRequest = Self(3, "Bad request")
    package static let unsupportedVersion = Self(5, "Unsupported protocol version")
    package static let tooLarge = Self(3, "Payload too large", status: 413)
    package static let unavailable = Self(4, "This instance takes no connections now", status: 503)

    package static func forbidden(_ reason: String) -> Self {
        Self(4, reason, status: 403)
    }

    package var body: ByteBuffer {
        var writer = JSONWriter(buffer: ByteBuffer())
        writer.beginObject()
        writer.field("code", Int64(code))
        writer.field("message", message)
        writer.endObject()
        return writer.buffer
    }
}
