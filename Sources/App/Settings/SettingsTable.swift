import Actors
import Logging
import Transport

/// Every variable the server reads.
enum SettingsTable {
    static let port = Setting.integer("PORT", default: 8000, in: 0...65_535, summary: "Port of HTTP and WebSocket; 0 takes a free one.")

    static let host = Setting<String>(
        declaration: SettingDeclaration(
            name: "HOST",
            defaultText: "127.0.0.1",
            allowed: "an address of this machine or a name of one",
            summary: "Address to listen on; 0.0.0.0 for all."
        ),
        fallback: "127.0.0.1"
    ) { isHost($0) ? $0 : nil }

    static let instanceID = Setting<String?>.optional(
        SettingDeclaration(
            name: "INSTANCE_ID",
            alias: "SERVER_ID",
            defaultText: "host name and process id",
            allowed: "1 to 64 of A-Z a-z 0-9 _ . : -",
            summary: "Name of this instance, different for each one that shares a store."
        )
    ) { isName($0, upTo: 64, extra: "_.:-") ? $0 : nil }

    static let nodeEnvironment = Setting<String>(
        declaration: SettingDeclaration(
            name: "NODE_ENV",
            defaultText: "production",
            allowed: "1 to 32 of A-Z a-z 0-9 _ -",
            summary: "`development` makes its own token secret, starts without Redis and lets local origins in; nothing else does."
        ),
        fallback: "production"
    ) { isName($0, upTo: 32, extra: "_-") ? $0 : nil }

    static let tlsCertificateFile = certificates("TLS_CERT_FILE", summary: "The certificate chain; together with TLS_KEY_FILE.")
    static let tlsKeyFile = privateKey("TLS_KEY_FILE", summary: "The certificate's private key.")

    static let allowedOrigins = list(
        "ALLOWED_ORIGINS",
        allowed: "a comma list of scheme://host[:port]",
        summary: "Web origins that may use the server besides its own.",
        element: { text in WebOrigin(text).flatMap { $0.port > 0 ? $0 : nil } }
    )

    static let trustedProxies = Setting<TrustedProxies>(
        declaration: SettingDeclaration(
            name: "TRUSTED_PROXIES",
            defaultText: "none",
            allowed: "a comma list of addresses or CIDR blocks",
            summary: "Proxies whose X-Forwarded-* headers are believed."
        ),
        fallback: TrustedProxies(),
        parse: { TrustedProxies(list: $0) }
    )

    static let cookieDomain = Setting<String?>.optional(
        SettingDeclaration(
            name: "COOKIE_DOMAIN",
            defaultText: "the host that was asked",
            allowed: "a domain name",
            summary: "Domain of the session cookie."
        )
    ) { isName($0, upTo: 253, extra: ".-") ? $0 : nil }

    static let maxFrameBytes = Setting.integer(
        "MAX_FRAME_BYTES",
        default: 65_536,
        in: 256...16_777_216,
        summary: "Largest WebSocket message of a client, in bytes."
    )

    static let outboundLimitBytes = Setting.integer(
        "OUTBOUND_LIMIT_BYTES",
        default: 1_048_576,
        in: 1_024...1_073_741_824,
        summary: "Bytes that may wait for a client that doesn't read before it is closed."
    )

    static let maxConnections = Setting<Int?>.optional(
        SettingDeclaration(
            name: "MAX_CONNECTIONS",
            defaultText: "what file descriptors allow",
            allowed: "a whole number from 1 to 10000000",
            summary: "Live connections at once; one more is told to come again (503 with Retry-After)."
        )
    ) { Int($0).flatMap { (1...10_000_000).contains($0) ? $0 : nil } }

    static let metricsPort = Setting<Int?>.optional(
        SettingDeclaration(
            name: "METRICS_PORT",
            defaultText: "none: /metrics is on PORT",
            allowed: "a whole number from 0 to 65535",
            summary: "Port of HOST for /metrics alone, in plain HTTP, and then not on PORT; 0 takes a free one."
        )
    ) { Int($0).flatMap { (0...65_535).contains($0) ? $0 : nil } }

    static let heartbeat = Setting.seconds(
        "HEARTBEAT_SECONDS",
        default: 25,
        in: 1...3_600,
        summary: "Seconds between two pings to a client."
    )

    static let rateLimit = Setting.integer(
        "RATE_LIMIT",
        default: 20,
        in: 0...100_000,
        summary: "Frames a second and connection, twice that in a burst; 0 for no limit."
    )

    static let drain = Setting.seconds(
        "DRAIN_SECONDS",
        default: 20,
        in: 0...3_600,
        summary: "Seconds over which clients are sent away when the server stops."
    )

    static let logLevel = Setting<Logger.Level>(
        declaration: SettingDeclaration(
            name: "LOG_LEVEL",
            defaultText: "info",
            allowed: "trace, debug, info, notice, warn, error or fatal",
            summary: "The least important lines that are logged."
        ),
        fallback: .info
    ) { text in
        switch text.lowercased() {
        case "warn": .warning
        case "fatal": .critical
        case let other: Logger.Level(rawValue: other)
        }
    }

    static let logFormat = Setting<LogFormat>.choice(
        "LOG_FORMAT",
        default: .text,
        summary: "Lines for people, or one JSON object a line."
    )

    static let all: [SettingDeclaration] =
        [
            port.declaration, host.declaration, instanceID.declaration, nodeEnvironment.declaration,
            tlsCertificateFile.declaration, tlsKeyFile.declaration, allowedOrigins.declaration, trustedProxies.declaration,
            cookieDomain.declaration,
        ] + accounts + stores + buses + socketIOs + [
            maxFrameBytes.declaration, outboundLimitBytes.declaration, maxConnections.declaration, heartbeat.declaration,
            rateLimit.declaration, drain.declaration,
            metricsPort.declaration, logLevel.declaration, logFormat.declaration,
        ]
}
