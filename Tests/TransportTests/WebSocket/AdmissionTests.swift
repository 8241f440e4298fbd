import NIOCore
import Testing
import Transport

@Suite("No more is let in than fits", .timeLimit(.minutes(1)))
struct AdmissionTests {
    @Test("one connection too many is told when to come again, and comes in when another has gone; HTTP is still answered")
    func connections() async throws {
        let admission = ConnectionAdmission(connections: 2)
        try await withServer(admission: admission) { server in
            let first = try await server.connect()
            let second = try await server.connect()
            let refusal = await #expect(throws: WebSocketConnectError.self) { try await server.connect() }
            #expect(refusal?.response?.status == 503)
            #expect(refusal?.response?.headers["retry-after"] == "5")
            let http = try await RawClient(port: server.port)
            http.write("GET /one HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            #expect(await http.textAtEnd().hasSuffix("GET /one 0"))
            first.disconnect()
            while admission.connections > 1 { try await Task.sleep(for: .milliseconds(5)) }
            let third = try await server.connect()
            #expect(admission.connections == 2)
            for client in [second, third] { client.disconnect() }
        }
        while admission.connections + admission.sockets > 0 { try await Task.sleep(for: .milliseconds(5)) }
    }

    @Test("a refused upgrade gives its place back")
    func refused() async throws {
        let admission = ConnectionAdmission(connections: 1)
        try await withServer(admission: admission) { server in
            for _ in 0..<3 {
                await #expect(throws: WebSocketConnectError.self) {
                    try await WebSocketConnection.connect(to: try server.url(), headers: [("Authorization", "Bearer bad")])
                }
                while admission.connections > 0 { try await Task.sleep(for: .milliseconds(5)) }
            }
            try await server.connect().disconnect()
        }
    }

    @Test("a socket too many is closed unanswered")
    func sockets() async throws {
        let admission = ConnectionAdmission(sockets: 1)
        try await withServer(admission: admission) { server in
            let first = try await server.connect()
            let second = try await RawClient(port: server.port)
            second.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await second.textAtEnd() == "")
            first.disconnect()
            while admission.sockets > 0 { try await Task.sleep(for: .milliseconds(5)) }
            try await server.connect().disconnect()
        }
    }

    @Test("a body that comes in drips holds its connection for no longer than a body may take")
    func slowBody() async throws {
        try await withServer(limits: .init(bodyTimeout: .milliseconds(300))) { server in
            let slow = try await RawClient(port: server.port)
            slow.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
            let drips = Task {
                while !Task.isCancelled {
                    slow.write("x")
                    try? await Task.sleep(for: .milliseconds(20))
                }
            }
            #expect(await slow.textAtEnd() == "")
            drips.cancel()
            let quick = try await RawClient(port: server.port)
            quick.write("POST /quick HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
            #expect(await quick.text(containing: "POST /quick 3").contains("200"))
            // Nothing is left of the first request's time that could end the connection.
            try await Task.sleep(for: .milliseconds(400))
            quick.write("POST /again HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc")
            #expect(await quick.textAtEnd().contains("POST /again 3"))
        }
    }
}
