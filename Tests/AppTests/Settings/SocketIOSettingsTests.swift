import Testing

@testable import App

@Suite("The settings of Socket.IO are read and checked")
struct SocketIOSettingsTests {
    private func load(_ variables: [String: String] = [:]) throws(SettingsError) -> Settings {
        let secret = ["JWT_SECRET": "0123456789abcdef0123456789abcdef"]
        return try Settings(SettingsReader(environment: secret.merging(variables) { _, new in new }, file: nil))
    }

    @Test("What is not set has the documented default")
    func defaults() throws {
        let settings = try #require(try load().socketIO)
        #expect(settings.path == "/socket.io/")
        #expect(settings.allowsPolling)
        #expect(settings.pingInterval == .seconds(25))
        #expect(settings.pingTimeout == .seconds(20))
        #expect(settings.maxPayload == 1_000_000)
        #expect(!settings.isEcho)
    }

    @Test("It can be off")
    func off() throws {
        #expect(try load(["SOCKETIO": "off"]).socketIO == nil)
    }

    @Test(
        "Wrong values are refused",
        arguments: [
            ("SOCKETIO", "maybe"), ("SOCKETIO_PATH", "/"), ("SOCKETIO_PATH", "socket.io/"), ("SOCKETIO_PATH", "/socket.io"),
            ("SOCKETIO_PATH", "/api/x/"), ("SOCKETIO_PATH", "/ws/"), ("SOCKETIO_PATH", "//a/"), ("SOCKETIO_PATH", "/a?b/"),
            ("SOCKETIO_POLLING", "2"),
            ("SOCKETIO_PING_INTERVAL_MS", "0"), ("SOCKETIO_PING_TIMEOUT_MS", "1s"), ("SOCKETIO_MAX_PAYLOAD", "10"),
            ("SOCKETIO_ECHO", "perhaps"),
        ]
    )
    func wrong(name: String, value: String) {
        #expect(throws: SettingsError.self) { try load([name: value]) }
    }

    @Test("The echo is refused in production, and nowhere else")
    func echo() throws {
        #expect(throws: SettingsError.self) { try load(["SOCKETIO_ECHO": "true"]) }
        #expect(throws: SettingsError.self) { try load(["SOCKETIO_ECHO": "true", "NODE_ENV": "production", "SOCKETIO": "off"]) }
        #expect(try load(["SOCKETIO_ECHO": "true", "NODE_ENV": "test"]).socketIO?.isEcho == true)
        #expect(try load(["SOCKETIO_ECHO": "false", "NODE_ENV": "production"]).socketIO?.isEcho == false)
    }
}
