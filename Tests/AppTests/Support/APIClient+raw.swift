import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

@testable import App

/// An answer with everything that came.
struct RawAnswer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    /// Null where the body is no JSON.
    let json: JSONValue

    var code: String? { json["error"]["code"].string }
    var message: String? { json["error"]["message"].string }
}

extension APIClient {
    /// Sends a request as it is written here; nothing is added but the token where there is one.
    ///
    /// - Parameters:
    ///   - body: sent with its length, or in chunks of unsaid length where `isChunked`.
    func raw(
        _ method: HTTPMethod,
        _ path: String,
        headers: [(String, String)] = [],
        body: String? = nil,
        isChunked: Bool = false
    ) async throws -> RawAnswer {
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body {
            let bytes = ByteBuffer(string: body)
            request.body = isChunked ? .stream([bytes].async, length: .unknown) : .bytes(bytes)
        }
        let response = try await http.execute(request, timeout: .seconds(20))
        let bytes = try await response.body.collect(upTo: 4 << 20)
        let json = (try? JSONValue(parsing: Data(buffer: bytes))) ?? .null
        return RawAnswer(status: Int(response.status.code), headers: response.headers, json: json)
    }
}

extension Array where Element: Sendable {
    /// The elements as an asynchronous sequence.
    fileprivate var async: AsyncStream<Element> {
        let (stream, continuation) = AsyncStream.makeStream(of: Element.self, bufferingPolicy: .bufferingOldest(count))
        for element in self { continuation.yield(element) }
        continuation.finish()
        return stream
    }
}

extension JSONValue {
    /// The names of an object's fields.
    var fields: Set<String> {
        guard case .object(let fields) = self else { return [] }
        return Set(fields.keys)
    }
}
