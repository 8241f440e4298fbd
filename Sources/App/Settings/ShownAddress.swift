/// An address as it may be shown where it may hold a password: `redis://…@host:6379/…?…`.
///
/// User name, password, query and path are left out. A password that holds one of the characters that end these parts would be taken for
/// another part: where that may be so, nothing is shown.
struct ShownAddress {
    let description: String

    init?(_ text: String) {
        guard let separator = text.firstRange(of: "://") else {
            guard !text.contains("@"), !text.contains("//") else { return nil }
            description = text
            return
        }
        let scheme = text[..<separator.lowerBound]
        guard scheme.wholeMatch(of: /[A-Za-z+]{1,16}/) != nil else { return nil }
        let rest = text[separator.upperBound...]
        let authority = rest.prefix { !"/?#".contains($0) }
        let tail = rest[authority.endIndex...]
        let parts = authority.split(separator: "@", omittingEmptySubsequences: false)
        guard !tail.contains("@"), parts.count <= 2, let hosts = parts.last, Self.areHosts(hosts) else { return nil }
        // A list of hosts and nothing before it may be a password with a comma in it.
        guard parts.count == 2 || !hosts.contains(",") else { return nil }
        let path = tail.prefix { $0 == "/" }.prefix(1)
        let hasMore = tail.dropFirst(path.count).first.map { !"?#".contains($0) } ?? false
        let credentials = parts.count > 1 ? "…@" : ""
        let query = tail.contains("?") ? "?…" : ""
        description = "\(scheme)://\(credentials)\(hosts)\(path)\(hasMore ? "…" : "")\(query)"
    }

    /// Names or addresses, each with or without a port. What follows a colon and is no port may be a password.
    private static func areHosts(_ text: Substring) -> Bool {
        text.split(separator: ",").allSatisfy { $0.wholeMatch(of: /([A-Za-z0-9._\-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/) != nil }
    }
}
