import Actors
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import NIOFoundationCompat

/// Reading and writing the bodies of the API.
enum JSONBody {
    /// The most that a request's body may hold.
    static let limit = 262_144

    /// Decodes a request's body.
    ///
    /// - Throws: `RequestError` that names the field that is wrong, never its value.
    static func decode<Body: Decodable>(_ type: Body.Type, from request: Request) async throws -> Body {
        let bytes = try await request.body.collect(upTo: limit)
        guard bytes.readableBytes > 0 else { throw RequestError(.badRequest, "The body must be a JSON object.") }
        do {
            return try JSONDecoder().decode(type, from: Data(buffer: bytes))
        } catch let error as DecodingError {
            throw RequestError(error)
        }
    }

    /// As `decode`, with an empty body standing for an empty object.
    static func decodeIfPresent<Body: Decodable>(_ type: Body.Type, from request: Request) async throws -> Body {
        var request = request
        let bytes = try await request.collectBody(upTo: limit)
        guard bytes.readableBytes > 0 else { return try JSONDecoder().decode(type, from: Data("{}".utf8)) }
        return try await decode(type, from: request)
    }

    /// A response with `value` as its body.
    static func response(_ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        var headers = headers
        headers[.contentType] = "application/json; charset=utf-8"
        headers[.cacheControl] = "no-store"
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(data: try encoder.encode(value))))
    }
}

extension RequestError {
    /// What was wrong with a body, by field.
    fileprivate init(_ error: DecodingError) {
        func path(_ context: DecodingError.Context, _ key: (any CodingKey)? = nil) -> String {
            let keys = context.codingPath.map(\.stringValue) + (key.map { [$0.stringValue] } ?? [])
            return keys.isEmpty ? "The body" : keys.joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context): self.init(.badRequest, "\(path(context, key)) is missing.")
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            self.init(.badRequest, "\(path(context)) must be \(Self.noun(for: type)).")
        case .dataCorrupted(let context) where !context.codingPath.isEmpty:
            self.init(.badRequest, "\(path(context)) has a value that is not allowed.")
        default: self.init(.badRequest, "The body must be a JSON object.")
        }
    }

    private static func noun(for type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Bool.Type: "true or false"
        case is any BinaryInteger.Type: "a whole number"
        default: "a JSON object"
        }
    }
}
