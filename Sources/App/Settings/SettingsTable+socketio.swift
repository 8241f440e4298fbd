import Transport

/// Whether a part of the program is there.
enum OnOff: String, CaseIterable, Sendable {
    case on
    case off
}

/// How Redis is shared with Node.js instances of Socket.IO.
enum AdapterChoice: String, CaseIterable, Sendable {
    case off
    case classic
    case sharded

    /// Nil where it isn't shared.
    var format: AdapterFormat? {
        switch self {
        case .off: nil
        case .classic: .classic
        case .sharded: .sharded
        }
    }
}

/// What clients of Socket.IO are served with.
extension SettingsTable {
    static let socketIO = Setting<OnOff>.choice("SOCKETIO", default: .on, summary: "Whether clients of Socket.IO are served.")

    static let socketIOPath = Setting<String>(
        declaration: SettingDeclaration(
            name: "SOCKETIO_PATH",
            defaultText: "/socket.io/",
            allowed: "a path that begins and ends with / and is neither / nor below /api/ or /ws/",
            summary: "Path at which clients of Socket.IO connect."
        ),
        fallback: "/socket.io/"
    ) { isSocketIOPath($0) ? $0 : nil }

    static let socketIOPolling = Setting<Bool>(
        declaration: SettingDeclaration(
            name: "SOCKETIO_POLLING",
            defaultText: "true",
            allowed: "true or false",
            summary: "Whether Socket.IO is spoken over HTTP long polling too; it needs a proxy that keeps a session on its instance."
        ),
        fallback: true,
        parse: Setting<Bool>.parseFlag
    )

    static let socketIOPingInterval = Setting.milliseconds(
        "SOCKETIO_PING_INTERVAL_MS",
        default: 25_000,
        in: 100...3_600_000,
        summary: "Milliseconds from a Socket.IO client's pong to the next ping."
    )

    static let socketIOPingTimeout = Setting.milliseconds(
        "SOCKETIO_PING_TIMEOUT_MS",
        default: 20_000,
        in: 100...3_600_000,
        summary: "Milliseconds that a Socket.IO client has for its pong."
    )

    static let socketIOMaxPayload = Setting.integer(
        "SOCKETIO_MAX_PAYLOAD",
        default: 1_000_000,
        in: 1_024...100_000_000,
        summary: "Largest message of a Socket.IO client, and largest body of a long-polling request, in bytes."
    )

    static let socketIOEcho = Setting<Bool>(
        declaration: SettingDeclaration(
            name: "SOCKETIO_ECHO",
            defaultText: "false",
            allowed: "true or false, and not true where NODE_ENV is production",
            summary: "Serve the echo that the tests of Socket.IO's protocol expect in place of the chat, to anybody."
        ),
        fallback: false,
        parse: Setting<Bool>.parseFlag
    )

    static let socketIOAdapter = Setting<AdapterChoice>.choice(
        "SOCKETIO_ADAPTER",
        default: .off,
        summary: "Which adapter of Socket.IO the Node.js instances use that share Redis with this one; the same for all instances."
    )

    static let socketIOs: [SettingDeclaration] = [
        socketIO.declaration, socketIOPath.declaration, socketIOPolling.declaration, socketIOPingInterval.declaration,
        socketIOPingTimeout.declaration, socketIOMaxPayload.declaration, socketIOEcho.declaration, socketIOAdapter.declaration,
    ]

    private static func isSocketIOPath(_ path: String) -> Bool {
        path.count >= 3 && path.hasPrefix("/") && path.hasSuffix("/") && !path.hasPrefix("/api/") && !path.hasPrefix("/ws/")
            && !path.contains("//") && isName(String(path.dropFirst().dropLast()), upTo: 128, extra: "_.-/~")
    }
}
