/// Where a request carries its token.
package enum CarriedToken {
    /// The token of a header `Authorization: Bearer …`; nil where it is something else.
    package static func bearer(_ authorization: String) -> String? {
        let parts = authorization.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1].trimmedOfSpaces)
    }

    /// The cookie `token` in headers `Cookie`.
    package static func cookie(_ headers: [String]) -> String? {
        for cookies in headers {
            for cookie in cookies.split(separator: ";") {
                let pair = cookie.trimmedOfSpaces.split(separator: "=", maxSplits: 1)
                if pair.count == 2, pair[0] == "token" { return String(pair[1]) }
            }
        }
        return nil
    }
}
