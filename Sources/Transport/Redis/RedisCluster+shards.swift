import NIOCore

extension RedisCluster {
    /// What was subscribed to from the first on, patterns and what is broadcast, stays.
    func change(_ command: SubscriptionCommand, _ kind: SubscriptionKind) {
        guard kind == .shards else { return }
        act(on: state.value.shards.change(command, state.value.slots))
    }

    /// Listens to sharded channels; returns when they are all heard. May be called anywhere.
    func listen(to channels: [String]) async throws(RedisError) {
        let eventLoop = connector.eventLoop
        let promise = eventLoop.makePromise(of: Void.self)
        eventLoop.execute {
            guard !self.state.value.isOver else { return promise.fail(RedisError.closed) }
            self.state.value.confirmation = promise
            self.act(on: self.state.value.shards.change(.subscribe(channels), isTold: false, self.state.value.slots))
        }
        let deadline = eventLoop.scheduleTask(in: TimeAmount(connector.timeout)) {
            self.finish(RedisError(.timeout, "Redis did not confirm the sharded subscription in time"))
        }
        do {
            try await promise.futureResult.get()
            deadline.cancel()
        } catch {
            deadline.cancel()
            throw RedisError(connecting: error)
        }
    }

    func act(on actions: [ShardSubscriptions.Action]) {
        for action in actions where !state.value.isOver {
            switch action {
            case .send(let command, let endpoint): send(command, to: endpoint)
            case .changed(let channel): receive(.changed(channel: channel))
            case .interrupted(let channel): receive(.interrupted(channel: channel))
            case .learn(let redirection): learn(redirection)
            case .fail(let error): finish(error)
            }
        }
        guard let confirmation = state.value.confirmation, state.value.shards.isSettled else { return }
        state.value.confirmation = nil
        confirmation.succeed()
    }

    private func send(_ command: SubscriptionCommand, to endpoint: Endpoint) {
        use(Place(endpoint: endpoint, purpose: .shards)) { result in
            guard case .success(let connection) = result else { return }
            switch command {
            case .subscribe(let channels): connection.change(.subscribe(channels, .shards))
            case .unsubscribe(let channels):
                connection.change(.unsubscribe(channels, .shards))
                connection.change(RedisCommand("PING"))
            }
        }
    }
}
