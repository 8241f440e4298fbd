import Actors
import Logging
import Transport

/// Everything that can be set, checked.
struct Settings: Sendable {
    let instance: Instance
    let http: HTTP
    let connections: Connections
    let accounts: Accounts
    let database: Database
    /// Nil for a single instance.
    let redis: RedisConfiguration?
    let bus: Bus
    /// Nil where it is off.
    let socketIO: SocketIO?
    /// Nil where Redis isn't shared with Node.js instances of Socket.IO.
    let socketIOAdapter: AdapterFormat?
    let metrics: Metrics
    /// After which a user's presence that nobody renews is forgotten.
    let presenceExpiry: Duration
    let log: Log

    /// Who this instance is.
    struct Instance: Sendable {
        let id: String
        /// `NODE_ENV`.
        let environment: String

        /// Lenient: local origins, a token secret of its own, no Redis needed.
        var isDevelopment: Bool { environment == "development" }
        var isProduction: Bool { environment == "production" }
    }

    /// How the server listens, and whom it believes.
    struct HTTP: Sendable {
        let host: String
        /// 0: any free one.
        let port: Int
        let tls: TLSFiles?
        let allowedOrigins: AllowedOrigins
        let trustedProxies: TrustedProxies
        let cookieDomain: String?
    }

    /// PEM files of the server's own certificate.
    struct TLSFiles: Sendable {
        let certificate: String
        let key: String
    }

    /// Limits of one client's connection.
    struct Connections: Sendable {
        let maxFrameBytes: Int
        let outboundLimitBytes: Int
        let heartbeat: Duration
        /// Live connections at once; nil for as many as there can be.
        let maximum: Int?
        /// Frames a second; 0 for no limit.
        let rateLimit: Int
        /// The time over which connections are sent away when the server stops.
        let drain: Duration
    }

    /// Log-ins and their tokens.
    struct Accounts: Sendable {
        let tokenSecret: Secret
        /// Tokens of this one are accepted, none are made with it.
        let previousTokenSecret: Secret?
        /// The file that the server keeps `tokenSecret` in, where it made it itself.
        let tokenSecretFile: String?
        let tokenLifetime: Duration
        let scryptLogN: Int
        let firstAdmin: FirstAdmin?
    }

    /// The admin that is made at boot where the name is not taken.
    struct FirstAdmin: Sendable {
        let username: Username
        let password: Secret
    }

    /// The store.
    struct Database: Sendable {
        let uri: DatabaseURI
        let poolSize: Int
    }

    /// What connects the instances.
    struct Bus: Sendable {
        let routing: BusRouting
        let secret: Secret?
        /// How long to wait for Redis at boot.
        let initTimeout: Duration
        /// Whether the server ends where Redis can't be reached at boot.
        let isRequired: Bool
    }

    /// What clients of Socket.IO are served with.
    struct SocketIO: Sendable {
        let path: String
        /// Whether HTTP long polling is spoken besides WebSocket.
        let allowsPolling: Bool
        let pingInterval: Duration
        let pingTimeout: Duration
        /// Bytes.
        let maxPayload: Int
        /// Whether the echo of the protocol's own tests stands in the chat's place.
        let isEcho: Bool
    }

    /// Where what is measured can be read.
    struct Metrics: Sendable {
        /// Nil for `/metrics` on the port of everything else; 0 for any free one.
        let port: Int?
    }

    /// What is logged, and how.
    struct Log: Sendable {
        let level: Logger.Level
        let format: LogFormat
    }
}
