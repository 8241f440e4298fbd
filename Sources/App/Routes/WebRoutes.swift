import HTTPTypes
import Hummingbird

/// The web client, and the protocol's documents below `/docs/`.
struct WebRoutes: Sendable {
    /// What the page may do. Everything comes from its own origin, the WebSocket too; no script or style stands in the page itself.
    private static let policy = [
        "default-src 'self'", "connect-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'", "object-src 'none'",
        "require-trusted-types-for 'script'",
    ].joined(separator: "; ")

    func add(to router: Router<APIContext>) {
        for asset in WebAsset.all {
            for method in [HTTPRequest.Method.get, .head] {
                router.on(RouterPath(asset.path), method: method) { request, _ in response(asset, to: request) }
            }
        }
    }

    private func response(_ asset: WebAsset, to request: Request) -> Response {
        // The router takes a folder with and without its last slash.
        if asset.path.hasSuffix("/"), !request.uri.path.hasSuffix("/") { return .redirect(to: asset.path, type: .permanent) }
        // Names don't change with the content, so a browser asks each time whether it is still the same.
        var headers: HTTPFields = [.eTag: asset.entityTag, .cacheControl: "no-cache"]
        headers[.contentSecurityPolicy] = Self.policy
        headers[.xContentTypeOptions] = "nosniff"
        headers[.referrerPolicy] = "no-referrer"
        guard !matches(request.headers[values: .ifNoneMatch], asset.entityTag) else {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = asset.contentType
        guard request.method != .head else {
            headers[.contentLength] = String(asset.body.readableBytes)
            return Response(status: .ok, headers: headers)
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: asset.body))
    }

    /// Whether a browser's copy is the one that would be sent (RFC 9110, 13.1.2: a weak comparison).
    private func matches(_ fields: [String], _ tag: String) -> Bool {
        fields.joined(separator: ",").split(separator: ",").contains { candidate in
            let candidate = candidate.trimmingPrefix { $0 == " " }
            return candidate == "*" || candidate == tag || candidate == "W/\(tag)"
        }
    }
}

extension HTTPField.Name {
    fileprivate static var referrerPolicy: Self {
        guard let name = HTTPField.Name("Referrer-Policy") else { preconditionFailure("a field name of RFC 9110's form") }
        return name
    }
}
