import NIOCore

extension RedisCluster {
    func keepAlive(within limit: TimeAmount) {
        for (place, connection) in state.value.nodes.connections {
            switch place.purpose {
            case .commands where place.endpoint != home:
                connection.send(RedisCommand("PING"), within: limit) { result in
                    if case .failure(let error) = result, error.code == .timeout { self.finish(Self.silent(place.endpoint)) }
                }
            case .shards:
                if let since = state.value.pinged[place.endpoint] {
                    if since + limit <= .now() { finish(Self.silent(place.endpoint)) }
                } else {
                    state.value.pinged[place.endpoint] = .now()
                    state.value.shards.ping(place.endpoint)
                    connection.change(RedisCommand("PING"))
                }
            // The probe goes over these.
            case .commands, .broadcasts:
                break
            }
        }
    }

    /// May be called anywhere.
    func ping(within limit: TimeAmount) async throws(RedisError) {
        let eventLoop = connector.eventLoop
        let answers = eventLoop.flatSubmit {
            let answers = self.state.value.nodes.connections.filter { $0.place.purpose == .commands }.map { place, connection in
                let promise = eventLoop.makePromise(of: Void.self)
                connection.send(RedisCommand("PING"), within: limit) { result in
                    switch result {
                    case .failure(let error): promise.fail(error.about("\(place.endpoint)"))
                    case .success(let reply):
                        let refusal = reply.errorCode.map { RedisError(.refused, "\(place.endpoint) refused PING (\($0))") }
                        if let refusal { promise.fail(refusal) } else { promise.succeed() }
                    }
                }
                return promise.futureResult
            }
            return EventLoopFuture.andAllSucceed(answers, on: eventLoop)
        }
        do {
            try await answers.get()
        } catch {
            throw RedisError(connecting: error)
        }
    }

    private static func silent(_ endpoint: Endpoint) -> RedisError {
        RedisError(.timeout, "\(endpoint) did not answer in time")
    }
}
