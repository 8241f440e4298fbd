import NIOCore
import ServiceLifecycle

/// A service that listens, and that says where it can't which setting it has the port from.
struct ListeningService<Wrapped: Service>: Service {
    let service: Wrapped
    let host: String
    let port: Int
    /// The variable of the port.
    let variable: String

    /// - Throws: `ExitError` where the port is taken, or nobody but root may have it; else what the service throws.
    func run() async throws {
        do {
            try await service.run()
        } catch let error as IOError {
            throw ExitError(.failure, "\(variable): \(host):\(port) can't be listened on: \(error)")
        }
    }
}
