package import Logging

/// How much one connection may ask for.
package struct SessionLimits: Sendable {
    /// Time between two pings to a client.
    package var heartbeat: Duration
    /// Bytes in one message of a client.
    package var maxFrameBytes: Int
    /// Frames a second; 0 for no limit.
    package var rateLimit: Int
    /// How long a connection may stay without a token.
    package var tokenTimeout: Duration
    /// Commands of one connection that wait for their turn; one more is refused with `RATE_LIMITED`.
    package var waitingCommands: Int
    /// How long a connection that resumes may take to bring its `SYNC`, and each further part of it.
    package var syncTimeout: Duration

    package init(
        heartbeat: Duration = .seconds(25),
        maxFrameBytes: Int = 65_536,
        rateLimit: Int = 20,
        tokenTimeout: Duration = .seconds(10),
        waitingCommands: Int = 256,
        syncTimeout: Duration = .seconds(10)
    ) {
        self.heartbeat = heartbeat
        self.maxFrameBytes = maxFrameBytes
        self.rateLimit = rateLimit
        self.tokenTimeout = tokenTimeout
        self.waitingCommands = waitingCommands
        self.syncTimeout = syncTimeout
    }
}

/// What every session of an instance shares: one reference a session, whatever is in it.
package final class SessionEnvironment: Sendable {
    package let instanceID: String
    package let limits: SessionLimits
    package let gate: SessionGate
    package let registry: Registry
    package let messaging: Messaging
    package let conversations: Conversations
    package let presence: PresenceHub
    package let store: any Store
    package let activity: ActivityMeter
    package let time: any TimeSource
    package let random: RandomSource
    package let metrics: ChatMetrics
    package let logger: Logger

    package init(
        instanceID: String,
        limits: SessionLimits,
        gate: SessionGate,
        registry: Registry,
        messaging: Messaging,
        conversations: Conversations,
        presence: PresenceHub,
        store: any Store,
        activity: ActivityMeter = ActivityMeter(),
        time: any TimeSource,
        random: RandomSource = RandomSource(),
        metrics: ChatMetrics = .shared,
        logger: Logger = Logger(label: "Session")
    ) {
        self.instanceID = instanceID
        self.limits = limits
        self.gate = gate
        self.registry = registry
        self.messaging = messaging
        self.conversations = conversations
        self.presence = presence
        self.store = store
        self.activity = activity
        self.time = time
        self.random = random
        self.metrics = metrics
        self.logger = logger
    }
}

/// What a connection or a request says of where it comes from.
package struct PeerInfo: Hashable, Sendable {
    package let userAgent: String?
    package let address: String?

    package init(userAgent: String?, address: String?) {
        self.userAgent = userAgent
        self.address = address
    }
}
