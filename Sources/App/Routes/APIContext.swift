import Actors
import Hummingbird
import NIOCore

/// What one HTTP request carries through the routes.
struct APIContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The socket's other end; a proxy's where one stands in between.
    let remoteAddress: SocketAddress?
    /// Who asks, once `AuthenticationMiddleware` has let the request pass.
    var principal: Principal?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        remoteAddress = source.channel.remoteAddress
    }

    /// Who asks; only on routes behind `AuthenticationMiddleware`.
    func requirePrincipal() throws(RequestError) -> Principal {
        guard let principal else { throw RequestError(.unauthenticated, "Log in first.") }
        return principal
    }
}
