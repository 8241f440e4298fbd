package import Actors
package import NIOCore
import NIOPosix

/// Whether Redis does what the bus needs of it: what `switchboard check` asks.
package struct RedisProbe: Sendable {
    private let configuration: RedisConfiguration
    private let time: any TimeSource
    private let group: any EventLoopGroup

    package init(
        configuration: RedisConfiguration,
        time: any TimeSource,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.configuration = configuration
        self.time = time
        self.group = group
    }

    /// Connects, logs in, subscribes, publishes, and waits until that comes back; of a cluster each primary has to answer besides.
    ///
    /// - Parameter timeout: for each of the steps.
    /// - Returns: the time from the publish until it came back.
    package func roundTrip(timeout: Duration = .seconds(5)) async throws(RedisError) -> Duration {
        let token = String(UInt64.random(in: .min ... .max), radix: 36)
        let channel = BusChannel.probe(of: "check-\(token)")
        let returned = BusSignal()
        let link = try await RedisLink.open(
            configuration,
            known: KnownServers(),
            name: "switchboard-check",
            channels: [channel],
            on: group.next(),
            timeout: timeout
        ) { _ in returned.fire() }
        defer { link.close() }
        try await link.ping(within: timeout)
        let start = time.uptime()
        let reply = try await link.send(.publish(Array(token.utf8), to: channel), within: timeout)
        if let code = reply.errorCode { throw RedisError(.refused, "Redis refused PUBLISH (\(code))") }
        let isBack = await returned.wait(atMost: timeout, time)
        guard isBack else { throw RedisError(.timeout, "what was published did not come back") }
        return time.uptime() - start
    }
}
