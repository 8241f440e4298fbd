import Actors
import Foundation
import HTTPTypes
import Hummingbird
import LocalCluster
import NIOCore
import NIOFoundationCompat
import Testing
import Transport

@testable import App

/// That the answers and frames of a running server are what the documents say is what Tests/Protocol finds out.
@Suite("The documents of the protocol are what the program does", .timeLimit(.minutes(1)))
struct ProtocolDocumentTests {
    private let openAPI: JSONValue
    private let asyncAPI: JSONValue

    init() throws {
        openAPI = try Self.document("openapi.json")
        asyncAPI = try Self.document("docs/asyncapi.json")
    }

    @Test("openapi.json has every route, and no other")
    func routes() async throws {
        let directory = try TemporaryDirectory()
        let environment = [
            "NODE_ENV": "test", "JWT_SECRET": ServerProcess.tokenSecret, "DB_URI": "sqlite:\(directory.path(of: "switchboard.db"))",
        ]
        let settings = try Settings.load(environment: environment, directory: directory.path)
        let limits = ConnectionLimits(files: 1_024, wanted: nil, poolSize: 16, loops: 2)
        let instance = try await Instance(settings, limits: limits, metrics: PrometheusRegistry())
        let routes = instance.routes.router(door: instance.socketIODoor(settings)).routes
        await instance.close()

        // What the pages are made of is no part of the protocol.
        let parts = WebAsset.all.map(\.path).filter { !$0.hasSuffix("/") && !$0.hasSuffix(".json") }
        let registered = routes.map { route in
            "\(route.method.rawValue) \(route.path.description == "/docs" ? "/docs/" : route.path.description)"
        }
        .filter { !$0.hasPrefix("HEAD ") && !parts.contains(String($0.dropFirst(4))) }
        let documented = openAPI["paths"].members.flatMap { path, item in
            item.members.filter { $0.key != "parameters" }.map { "\($0.key.uppercased()) \(path)" }
        }
        #expect(registered.count > 25)
        #expect(registered.sorted() == documented.sorted())
    }

    @Test("Both have the program's version, all its codes of errors and every status of presence")
    func names() {
        for document in [openAPI, asyncAPI] {
            let schemas = document["components"]["schemas"]
            #expect(document["info"]["version"].string == InstanceReporter.version)
            #expect(schemas["ErrorCode"]["enum"].texts == RequestError.Code.allCases.map(\.rawValue))
            #expect(schemas["PresenceStatus"]["enum"].texts == PresenceStatus.allCases.map(\.rawValue))
        }
    }

    @Test("An answer's status is that of the code in its example")
    func statuses() throws {
        let answers = openAPI["components"]["responses"]
        var seen: Set<RequestError.Code> = []
        for operation in openAPI["paths"].members.values.flatMap(\.members.values) {
            for (status, answer) in operation["responses"].members {
                guard let name = answer["$ref"].string?.split(separator: "/").last,
                    let text = answers[String(name)]["content"]["application/json"]["example"]["error"]["code"].string
                else { continue }
                let code = try #require(RequestError.Code(rawValue: text))
                #expect(status == String(code.httpStatus), "\(name)")
                seen.insert(code)
            }
        }
        #expect(seen.count > 7)
    }

    @Test("A schema that both have is the same in both")
    func shared() {
        let (one, other) = (openAPI["components"]["schemas"].members, asyncAPI["components"]["schemas"].members)
        let names = Set(one.keys).intersection(other.keys)
        #expect(names.count > 10)
        for name in names { #expect(one[name] == other[name], "\(name)") }
    }

    @Test("asyncapi.json has every frame that the program reads or writes, and no other")
    func frames() throws {
        let operations = asyncAPI["operations"].members.values.filter { $0["action"].string == "receive" }
        let received = Set(operations.flatMap { $0["messages"].array.compactMap(Self.lastName) })
        let messages = asyncAPI["channels"]["live"]["messages"].members.keys
        let types = asyncAPI["components"]["messages"]
        func names(_ keys: some Sequence<String>) -> [String] { keys.compactMap { types[$0]["name"].string }.sorted() }
        #expect(Set(messages) == Set(types.members.keys))

        // The refusal of a type that nobody knows says which are known.
        let refusal = FrameDecoder.decode(ByteBuffer(string: #"{"type":"NOBODY_KNOWS_IT"}"#)).command
        guard case .failure(let error) = refusal else { throw APIClient.Failure(description: "it was taken") }
        #expect(names(received) == error.message.matches(of: /[A-Z_]{4,}/).map { String($0.output) }.sorted())

        let encoder = try RepositoryFile.text("Sources/Transport/Wire/EventEncoder.swift")
        let written = encoder.matches(of: /case \.\w+: "([A-Z_]+)"/).map { String($0.output.1) }
        #expect(names(messages.filter { !received.contains($0) }) == written.sorted())
    }

    @Test("asyncapi.json has every close code that the program has a reason for, and no other")
    func closeCodes() {
        let documented = asyncAPI["channels"]["live"]["x-close-codes"].array.compactMap { row in
            row["reason"].string.map { "\(row["code"].integer ?? 0) \($0)" }
        }
        #expect(documented.sorted() == EndReason.allCases.map { "\($0.closeCode) \($0.closeText)" }.sorted())
    }

    private static func document(_ name: String) throws -> JSONValue {
        let asset = try #require(WebAsset.all.first { $0.name == name })
        return try JSONValue(parsing: Data(buffer: asset.body))
    }

    private static func lastName(_ reference: JSONValue) -> String? {
        reference["$ref"].string?.split(separator: "/").last.map(String.init)
    }
}

extension JSONValue {
    fileprivate var members: [String: JSONValue] {
        guard case .object(let members) = self else { return [:] }
        return members
    }

    fileprivate var texts: [String] {
        array.compactMap(\.string)
    }
}
