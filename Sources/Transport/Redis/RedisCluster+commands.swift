import NIOCore

extension RedisCluster {
    /// A command on its way to the server that takes it.
    private struct Errand {
        /// How often servers may name another one.
        static let redirectionLimit = 5

        let command: RedisCommand
        /// Nil for as long as the link lives.
        let deadline: NIODeadline?
        var redirections = 0
        let completion: Completion
    }

    func send(_ command: RedisCommand, within limit: TimeAmount?, completion: @escaping Completion) {
        let endpoint = command.key.map { state.value.slots.owner(of: HashSlot(of: $0)) } ?? home
        run(Errand(command: command, deadline: limit.map { .now() + $0 }, completion: completion), at: endpoint)
    }

    /// - Parameter isAsking: whether the server is to take it although the slot isn't its own yet.
    private func run(_ errand: Errand, at endpoint: Endpoint, isAsking: Bool = false) {
        use(Place(endpoint: endpoint, purpose: .commands)) { result in
            switch result {
            case .failure(let error):
                errand.completion(.failure(error))
            case .success(let connection):
                let limit = errand.deadline.map { max(.zero, $0 - .now()) }
                if isAsking { connection.send(RedisCommand("ASKING")) { _ in } }
                connection.send(errand.command, within: limit) { self.answered($0, errand, by: endpoint) }
            }
        }
    }

    private func answered(_ result: Result<RedisReply, RedisError>, _ errand: Errand, by endpoint: Endpoint) {
        guard case .success(let reply) = result, let redirection = RedisRedirection(reply, from: endpoint),
            errand.redirections < Errand.redirectionLimit
        else { return errand.completion(result) }
        var errand = errand
        errand.redirections += 1
        switch redirection.kind {
        case .moved:
            learn(redirection)
            run(errand, at: redirection.endpoint)
        case .ask:
            run(errand, at: redirection.endpoint, isAsking: true)
        }
    }

    /// A slot is another server's: others may be too.
    func learn(_ redirection: RedisRedirection) {
        state.value.slots.assign(redirection.slot, to: redirection.endpoint)
        refresh(asking: redirection.endpoint)
    }

    /// Asks a server anew who serves what; one question at a time.
    private func refresh(asking endpoint: Endpoint) {
        guard !state.value.isRefreshing else { return }
        state.value.isRefreshing = true
        use(Place(endpoint: endpoint, purpose: .commands)) { result in
            guard case .success(let connection) = result else {
                self.state.value.isRefreshing = false
                return
            }
            connection.send(.clusterSlots, within: TimeAmount(self.connector.timeout)) { result in
                self.state.value.isRefreshing = false
                do throws(RedisError) {
                    self.update(try RedisConnector.slots(try result.get(), from: endpoint))
                } catch {
                    self.finish(error.about("\(endpoint)"))
                }
            }
        }
    }

    private func update(_ slots: RedisSlots) {
        guard !state.value.isOver else { return }
        guard slots.primaries.contains(home) else { return finish(RedisError.replica.about("\(home)")) }
        let gone = Set(state.value.slots.primaries).subtracting(slots.primaries)
        state.value.slots = slots
        known.remember(slots)
        for endpoint in gone { retire(endpoint) }
        // All are connected, so that it is noticed when one is gone.
        for endpoint in slots.primaries { use(Place(endpoint: endpoint, purpose: .commands)) { _ in } }
    }

    /// Closes the connection for commands to a server that serves no slot any more, behind the last answer.
    private func retire(_ endpoint: Endpoint) {
        guard let connection = state.value.nodes.remove(Place(endpoint: endpoint, purpose: .commands)) else { return }
        connection.send(RedisCommand("PING"), within: TimeAmount(connector.timeout)) { result in
            switch result {
            case .success: connection.close()
            // What waited for an answer there has none.
            case .failure(let error):
                connection.close()
                self.finish(error.about("\(endpoint)"))
            }
        }
    }
}
