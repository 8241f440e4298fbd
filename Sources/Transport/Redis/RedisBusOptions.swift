/// How the bus behaves, with the defaults of the settings.
package struct RedisBusOptions: Sendable {
    /// How long the start waits for Redis (`BUS_INIT_TIMEOUT_MS`).
    package var initTimeout: Duration = .seconds(5)
    /// Whether the process ends where Redis is not reached in that time (`BUS_REQUIRED`).
    package var isRequired = false
    /// `NODE_ENV`, for the log.
    package var nodeEnvironment = "production"
    /// Signs what is sent, and what isn't signed with it is rejected (`BUS_SECRET`).
    package var secret: String?
    /// Who hears what this instance publishes, and what it hears (`BUS_ROUTING`).
    package var routing = BusRouting.broadcast
    /// How many hints may wait.
    package var queueLimit = 10_000
    /// How many received events of a family may wait for their consumer.
    package var receiveLimit = 16_384
    /// How many topics that were confirmed late may wait for their consumer.
    package var lateLimit = 4_096
    /// How long `follow` waits for the confirmation.
    package var followTimeout: Duration = .milliseconds(500)
    package var probeInterval: Duration = .seconds(2)
    /// Without a probe for this long the bus is lost.
    package var probeTimeout: Duration = .seconds(4)
    /// For connecting, and for each further step until the subscriptions stand.
    package var connectTimeout: Duration = .seconds(2)
    /// How long a stop waits for what is queued.
    package var flushTimeout: Duration = .seconds(1)

    package init() {}
}
