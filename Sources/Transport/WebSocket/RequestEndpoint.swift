/// Both ends of a request as the client sees them: what a trusted proxy changed is undone.
package struct RequestEndpoint: Hashable, Sendable {
    /// The origin that the request was sent to; nil without a usable `Host`.
    package let ownOrigin: WebOrigin?
    /// The client's IP address.
    package let clientAddress: String?

    /// - Parameters:
    ///   - socketAddress: the IP address at the socket's other end.
    ///   - isSecure: whether the socket itself speaks TLS.
    ///   - trustedProxies: whose `X-Forwarded-*` headers count.
    ///   - header: the value of the request's header of that name.
    package init(socketAddress: String?, isSecure: Bool, trustedProxies: TrustedProxies, header: (String) -> String?) {
        let scheme = isSecure ? "https" : "http"
        let host = header("Host")
        guard let socketAddress, trustedProxies.contains(socketAddress) else {
            ownOrigin = host.flatMap { WebOrigin(scheme: scheme, authority: $0) }
            clientAddress = socketAddress
            return
        }
        let forwardedScheme = header("X-Forwarded-Proto").flatMap(Self.first) ?? scheme
        var authority = header("X-Forwarded-Host").flatMap(Self.first) ?? host
        if let port = header("X-Forwarded-Port").flatMap(Self.first), let name = authority, Self.hasNoPort(name) {
            authority = "\(name):\(port)"
        }
        ownOrigin = authority.flatMap { WebOrigin(scheme: forwardedScheme, authority: $0) }
        // Each proxy appends whom it talked to: the last address that is no proxy of ours is the client.
        let chain = (header("X-Forwarded-For") ?? "").split(separator: ",").map { String($0.trimmedOfSpaces) }
        clientAddress = chain.last { !trustedProxies.contains($0) } ?? chain.first ?? socketAddress
    }

    private static func first(of list: String) -> String? {
        list.split(separator: ",").first.map { String($0.trimmedOfSpaces) }
    }

    private static func hasNoPort(_ authority: String) -> Bool {
        guard let bracket = authority.lastIndex(of: "]") else { return !authority.contains(":") }
        return !authority[bracket...].contains(":")
    }
}
