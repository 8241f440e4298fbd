import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// One person's view of an instance's HTTP API, as a program of theirs would use it.
struct APIClient: Sendable {
    /// An answer that was read whole.
    struct Answer: Sendable {
        let status: Int
        /// Null where the body is no JSON.
        let json: JSONValue

        /// The error code of a refusal.
        var code: String? { json["error"]["code"].string }
    }

    /// What a registration or log-in gave.
    struct Account: Sendable {
        let userID: String
        let username: String
        let sessionID: String
        let token: String
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let http: HTTPClient
    let base: String
    var token: String?

    /// The same person, known to the instance by `token`.
    func with(token: String?) -> Self {
        var client = self
        client.token = token
        return client
    }

    /// The same person at another instance.
    func at(_ base: String) -> Self {
        Self(http: http, base: base, token: token)
    }

    func call(_ method: HTTPMethod, _ path: String, _ body: JSONValue? = nil) async throws -> Answer {
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: try body.text()))
        }
        let response = try await http.execute(request, timeout: .seconds(20))
        let bytes = try await response.body.collect(upTo: 4 << 20)
        let json = (try? JSONValue(parsing: Data(buffer: bytes))) ?? .null
        return Answer(status: Int(response.status.code), json: json)
    }

    func register(_ username: String, password: String) async throws -> Account {
        try account(try await call(.POST, "/api/auth/register", ["username": .string(username), "password": .string(password)]))
    }

    func logIn(_ username: String, password: String) async throws -> Account {
        try account(try await call(.POST, "/api/auth/login", ["username": .string(username), "password": .string(password)]))
    }

    private func account(_ answer: Answer) throws -> Account {
        let user = answer.json["user"]
        guard answer.status < 300, let userID = user["userId"].string, let username = user["username"].string,
            let sessionID = answer.json["sessionId"].string, let token = answer.json["token"].string
        else { throw Failure(description: "log-in answered \(answer.status) \(answer.code ?? "")") }
        return Account(userID: userID, username: username, sessionID: sessionID, token: token)
    }
}
