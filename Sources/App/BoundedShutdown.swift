import ServiceLifecycle

/// A service that has a limited time to stop, so that those behind it have their turn.
struct BoundedShutdown<Wrapped: Service>: Service {
    let service: Wrapped
    /// From being told to stop until it is cancelled.
    let limit: Duration

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            group.addTask {
                try await gracefulShutdown()
                try await Task.sleep(for: limit)
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
