import NIOCore

extension RedisConnection {
    /// How long one sentinel has for each step, before the next one is asked.
    private static let sentinelTimeout = Duration.milliseconds(500)

    /// Connects to the server that takes writes.
    ///
    /// Of several sentinels one after the other is asked, as clients are advised to
    /// (https://redis.io/docs/latest/develop/reference/sentinel-clients/), until one names a server that can be reached and that is a
    /// primary by its own account: a sentinel that was cut off from the others may still name the one of before.
    ///
    /// - Parameters: as of `open`; not for a cluster, which has several.
    /// - Returns: the connection, and where it leads.
    /// - Throws: where no server is found, why the last sentinel was of no help.
    static func openPrimary(
        _ configuration: RedisConfiguration,
        name: String,
        on eventLoop: any EventLoop,
        timeout: Duration
    ) async throws(RedisError) -> (connection: RedisConnection, endpoint: RedisConfiguration.Endpoint) {
        switch configuration.location {
        case .server(let endpoint):
            return (try await open(configuration, at: endpoint, name: name, on: eventLoop, timeout: timeout), endpoint)
        case .sentinels(let sentinels):
            var failure = RedisError.closed
            for address in sentinels.addresses where !Task.isCancelled {
                let endpoint: RedisConfiguration.Endpoint
                do throws(RedisError) {
                    endpoint = try await primary(of: sentinels, asking: address, configuration, name: name, on: eventLoop)
                } catch {
                    failure = error.about("sentinel \(address)")
                    continue
                }
                do throws(RedisError) {
                    return (try await open(configuration, at: endpoint, name: name, on: eventLoop, timeout: timeout), endpoint)
                } catch {
                    failure = error.about("\(endpoint), primary by sentinel \(address)")
                }
            }
            throw failure
        case .cluster:
            throw RedisError(.configuration, "a cluster has several primaries")
        }
    }

    private static func primary(
        of sentinels: RedisSentinels,
        asking address: RedisConfiguration.Endpoint,
        _ configuration: RedisConfiguration,
        name: String,
        on eventLoop: any EventLoop
    ) async throws(RedisError) -> RedisConfiguration.Endpoint {
        var configuration = configuration
        configuration.username = sentinels.username
        configuration.password = sentinels.password
        configuration.database = 0
        let sentinel = try await open(configuration, at: address, name: name, on: eventLoop, timeout: sentinelTimeout)
        defer { sentinel.close() }
        let question = RedisCommand("SENTINEL", "GET-MASTER-ADDR-BY-NAME", sentinels.group)
        switch try await sentinel.send(question, within: sentinelTimeout) {
        case .array(let parts):
            guard parts.count == 2, let host = parts[0].text, let port = parts[1].text.flatMap(Int.init) else {
                throw RedisError(.protocolViolation, "its answer is not an address")
            }
            return .tcp(host: host, port: port)
        case .null:
            throw RedisError(.unavailable, "it knows no primary of that name")
        case let reply:
            throw RedisError(.refused, "it refused to name the primary (\(reply.errorCode ?? "no error"))")
        }
    }
}
