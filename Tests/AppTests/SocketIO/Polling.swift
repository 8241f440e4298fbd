import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

@testable import App

/// A client of Engine.IO's long polling that may do anything.
struct Polling: Sendable {
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let text: String

        /// The number of the error in the body.
        var code: Int64? { (try? JSONValue(parsing: Data(text.utf8)))?["code"].integer }
    }

    let base: String
    var path = "/socket.io/"

    func request(
        _ method: HTTPMethod,
        _ query: String,
        headers: [(String, String)] = [],
        body: HTTPClientRequest.Body? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: base + path + query)
        request.method = method
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = body
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let text = String(buffer: try await response.body.collect(upTo: 4 << 20))
        return Answer(status: Int(response.status.code), headers: response.headers, text: text)
    }

    /// Opens a session.
    func open(headers: [(String, String)] = []) async throws -> String {
        let answer = try await request(.GET, "?EIO=4&transport=polling", headers: headers)
        guard answer.status == 200, answer.text.hasPrefix("0"),
            let sid = try JSONValue(parsing: Data(answer.text.dropFirst().utf8))["sid"].string
        else { throw APIClient.Failure(description: "the handshake answered \(answer.status)") }
        return sid
    }

    func get(_ sid: String) async throws -> Answer {
        try await request(.GET, "?EIO=4&transport=polling&sid=\(sid)&t=x")
    }

    func post(_ sid: String, _ body: String, headers: [(String, String)] = []) async throws -> Answer {
        try await request(.POST, "?EIO=4&transport=polling&sid=\(sid)", headers: headers, body: .bytes(ByteBuffer(string: body)))
    }
}
