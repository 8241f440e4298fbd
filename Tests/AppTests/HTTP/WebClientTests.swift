import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import Testing

@testable import App

extension HTTPTests {
    @Suite("The web client comes from the program itself")
    struct WebClient {
        @Test("Every file of Sources/App/Web is served, byte for byte")
        func complete() throws {
            let folder = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
            let root = "/\(folder)/Sources/App/Web"
            let files = try FileManager.default.subpathsOfDirectory(atPath: root).filter { $0.contains(".") }
            #expect(Set(files) == Set(WebAsset.all.map(\.name)))
            for asset in WebAsset.all {
                let bytes = try Data(contentsOf: URL(filePath: "\(root)/\(asset.name)"))
                #expect(Array(asset.body.readableBytesView) == Array(bytes), "\(asset.name)")
            }
        }

        @Test(
            "Each kind of file has its type, and may do nothing but what the page needs",
            arguments: [
                ("/", "text/html; charset=utf-8"), ("/base.css", "text/css; charset=utf-8"), ("/icon.svg", "image/svg+xml"),
                ("/switchboard-client.js", "text/javascript; charset=utf-8"), ("/docs/", "text/html; charset=utf-8"),
                ("/openapi.json", "application/json"), ("/docs/asyncapi.json", "application/json"),
            ]
        )
        func headers(path: String, type: String) async throws {
            let cluster = try RunningCluster.current
            let answer = try await cluster.visitor.raw(.GET, path)
            #expect(answer.status == 200)
            #expect(answer.headers.first(name: "Content-Type") == type)
            #expect(answer.headers.first(name: "X-Content-Type-Options") == "nosniff")
            #expect(answer.headers.first(name: "Referrer-Policy") == "no-referrer")
            #expect(answer.headers.first(name: "Cache-Control") == "no-cache")
            let policy = try #require(answer.headers.first(name: "Content-Security-Policy"))
            #expect(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"))
            #expect(!policy.contains("unsafe") && !policy.contains("*"))
            let other = try await cluster.visitor.at(cluster.urlB).raw(.GET, path)
            #expect(other.headers.first(name: "ETag") == answer.headers.first(name: "ETag"))
        }

        @Test("A copy that is still the same isn't sent again")
        func unchanged() async throws {
            let visitor = try RunningCluster.current.visitor
            let tag = try #require(try await visitor.raw(.GET, "/").headers.first(name: "ETag"))
            for value in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
                let answer = try await visitor.raw(.GET, "/", headers: [("If-None-Match", value)])
                #expect(answer.status == 304)
                #expect(answer.headers.first(name: "ETag") == tag)
                #expect(answer.headers.first(name: "Content-Security-Policy") != nil)
            }
            #expect(try await visitor.raw(.GET, "/", headers: [("If-None-Match", "\"other\"")]).status == 200)
            #expect(try await visitor.raw(.HEAD, "/").status == 200)
        }

        @Test("No script or style stands in the page")
        func nothingInline() throws {
            let page = try #require(WebAsset.all.first { $0.name == "index.html" })
            let html = String(buffer: page.body)
            #expect(!html.contains("style=") && !html.contains("<style") && !html.contains("onclick"))
            #expect(html.split(separator: "<script").count == 2)
            #expect(html.contains("<script type=\"module\" src=\"/main.js\"></script>"))
        }

        @Test("A folder without its last slash leads to the folder: links in its page are relative to it")
        func folder() async throws {
            let options = HTTPClient.Configuration(redirectConfiguration: .disallow)
            let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: options)
            let visitor = try RunningCluster.current.visitor
            let answer = try await APIClient(http: http, base: visitor.base).raw(.GET, "/docs")
            try await http.shutdown()
            #expect(answer.status == 301)
            #expect(answer.headers.first(name: "Location") == "/docs/")
        }

        @Test(
            "What is no file of it stays unknown",
            arguments: ["/index.html", "/docs/index.html", "/Web/main.js", "/assets.c", "/%2e%2e/main.js"]
        )
        func unknown(path: String) async throws {
            let answer = try await RunningCluster.current.visitor.raw(.GET, path)
            #expect(answer.status == 404)
        }
    }
}
