import Actors
import Hummingbird
import NIOCore

/// What one HTTP request carries through the routes.
struct APIContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The socket's other end; a proxy's where one stands in between.
    let remoteAddress: SocketAddress?
    /// The connection that the request came on.
    let channel: any Channel
    /// Who asks, once `AuthenticationMiddleware` has let the request pass.
    var principal: Principal?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        remoteAddress = source.channel.remoteAddress
        channel = source.channel
    }

    /// Who asks; only on routes behind `AuthenticationMiddleware`.
    func requirePrincipal() throws(RequestError) -> Principal {
        guard let principal else { throw RequestError(.unauthenticated, "Log in first.") }
        return principal
    }
}
