import NIOCore

extension RedisCluster {
    /// Connects to all primaries of a cluster.
    ///
    /// The servers that are known are asked one after the other who serves what, until all whom one names can be reached: one that was cut off
    /// may still name those of before.
    ///
    /// - Parameters:
    ///   - named: by the settings; asked first.
    ///   - known: asked then.
    ///   - receive: as of `RedisLink.open`.
    static func open(
        _ named: [Endpoint],
        known: KnownServers,
        connector: RedisConnector,
        receive: @escaping @Sendable (SubscriptionEvent) -> Void
    ) async throws(RedisError) -> RedisCluster {
        var failure = RedisError.closed
        var tried: Set<Set<Endpoint>> = []
        for address in known.all(with: named) where !Task.isCancelled {
            let slots: RedisSlots
            do throws(RedisError) {
                slots = try await connector.slots(asking: address)
            } catch {
                failure = error.about("\(address)")
                continue
            }
            // Any one will do; those of many instances are spread over all.
            guard tried.insert(Set(slots.primaries)).inserted, let home = slots.primaries.randomElement() else { continue }
            let cluster = RedisCluster(slots, home: home, connector: connector, known: known, receive: receive)
            do throws(RedisError) {
                _ = try await cluster.connect(to: slots.primaries.map { Place(endpoint: $0, purpose: .commands) })
                known.remember(slots)
                return cluster
            } catch {
                failure = error
            }
        }
        throw failure
    }

    /// Subscribes to what is broadcast and to sharded channels; returns when the last subscription is confirmed.
    func subscribe(channels: [String], patterns: [String], shards: [String], batchSize: Int) async throws(RedisError) {
        do throws(RedisError) {
            let subscription = try await connect(to: [Place(endpoint: home, purpose: .broadcasts)])[0]
            for (kind, names) in [(SubscriptionKind.channels, channels), (.patterns, patterns)] {
                for batch in names.chunks(of: batchSize) { try await subscription.subscribe(to: batch, kind, within: connector.timeout) }
            }
            for batch in shards.chunks(of: batchSize) { try await listen(to: batch) }
        } catch {
            await end(because: error)
            throw error
        }
    }

    /// Connects to all of them at once. A cancelled task gives up.
    private func connect(to places: [Place]) async throws(RedisError) -> [RedisConnection] {
        let eventLoop = connector.eventLoop
        let connections = eventLoop.flatSubmit {
            let connections = places.map { place in
                let promise = eventLoop.makePromise(of: RedisConnection.self)
                self.use(place) { promise.completeWith($0.mapError { $0 as any Error }) }
                return promise.futureResult
            }
            return EventLoopFuture.whenAllSucceed(connections, on: eventLoop)
        }
        do {
            return try await withTaskCancellationHandler {
                try await connections.get()
            } onCancel: {
                close(because: .closed)
            }
        } catch {
            let error = RedisError(connecting: error)
            await end(because: error)
            throw error
        }
    }
}
