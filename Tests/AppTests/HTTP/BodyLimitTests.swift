import LocalCluster
import NIOHTTP1
import Testing

@testable import App

extension HTTPTests {
    @Suite("A body that is too long is refused before anything is done")
    struct BodyLimit {
        private static let tooLong = String(repeating: "x", count: 262_145)
        private static let longest = String(repeating: "x", count: 262_144)

        @Test("413 at every path, also where no body is wanted", arguments: [false, true])
        func everywhere(isChunked: Bool) async throws {
            let cluster = try RunningCluster.current
            let person = try await cluster.visitor.person()
            for (method, path) in [
                (HTTPMethod.POST, "/api/auth/logout"), (.DELETE, "/api/me/sessions/\(person.account.sessionID)"), (.POST, "/api/messages"),
                (.POST, "/nowhere"), (.PUT, "/api/me"), (.GET, "/livez"),
            ] {
                let answer = try await person.api.raw(method, path, body: Self.tooLong, isChunked: isChunked)
                #expect(answer.status == 413, "\(method) \(path)")
                #expect(answer.code == "CONTENT_TOO_LONG")
                #expect(answer.headers.first(name: "Connection") == "close")
            }
            #expect(try await person.api.call(.GET, "/api/me").status == 200)
        }

        @Test("One of 256 KiB is taken where it isn't wanted, and the request carried out", arguments: [false, true])
        func longest(isChunked: Bool) async throws {
            let person = try await RunningCluster.current.visitor.person()
            let answer = try await person.api.raw(.POST, "/api/auth/logout", body: Self.longest, isChunked: isChunked)
            #expect(answer.status == 204)
            #expect(try await person.api.raw(.POST, "/nowhere", body: Self.longest, isChunked: isChunked).status == 404)
        }
    }
}
