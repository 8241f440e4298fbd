import Actors

extension SettingsTable {
    static let minimumSecretBytes = 32

    static let tokenSecret = secret(
        "JWT_SECRET",
        defaultText: "none; in development one is made and kept beside the database file",
        summary: "Key that tokens are signed with; the same for all instances."
    )

    static let previousTokenSecret = secret(
        "JWT_SECRET_PREVIOUS",
        defaultText: "none",
        summary: "The key before: its tokens are accepted, none are made with it."
    )

    static let tokenLifetime = Setting<Duration>(
        declaration: SettingDeclaration(
            name: "TOKEN_TTL",
            defaultText: "7d",
            allowed: "a whole number of seconds, or one with s, m, h or d behind it, from 1s to 365d",
            summary: "How long a log-in lasts."
        ),
        fallback: .seconds(7 * 86_400),
        parse: lifetime
    )

    static let scryptLogN = Setting.integer(
        "SCRYPT_LOG_N",
        default: 17,
        in: 1...20,
        summary: "Cost of a password hash: 2 to that power; under 17 only where NODE_ENV is not production."
    )

    static let adminUsername = Setting<Username?>.optional(
        SettingDeclaration(
            name: "ADMIN_USERNAME",
            defaultText: "none",
            allowed: "3 to 32 of A-Z a-z 0-9 _ . -",
            summary: "Name of the admin that is made at boot; together with ADMIN_PASSWORD."
        ),
        parse: { Username($0) }
    )

    static let adminPassword = Setting<Secret?>.optional(
        SettingDeclaration(
            name: "ADMIN_PASSWORD",
            defaultText: "none",
            allowed: "8 to 128 characters",
            secrecy: .secret,
            summary: "That admin's password."
        )
    ) { (8...128).contains($0.count) ? Secret($0) : nil }

    static let presenceExpiry = Setting.seconds(
        "PRESENCE_EXPIRY",
        default: 86_400,
        in: 1...2_592_000,
        summary: "Seconds after which a user's presence that nobody renews is forgotten."
    )

    static let accounts: [SettingDeclaration] = [
        tokenSecret.declaration, previousTokenSecret.declaration, tokenLifetime.declaration, scryptLogN.declaration,
        adminUsername.declaration, adminPassword.declaration, presenceExpiry.declaration,
    ]

    private static func secret(_ name: String, defaultText: String, summary: String) -> Setting<Secret?> {
        .optional(
            SettingDeclaration(
                name: name,
                defaultText: defaultText,
                allowed: "at least \(minimumSecretBytes) bytes long",
                secrecy: .secret,
                summary: summary
            )
        ) { $0.utf8.count >= minimumSecretBytes ? Secret($0) : nil }
    }

    private static let lifetime: @Sendable (String) -> Duration? = { text in
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        let unit = text.last.flatMap { units[$0] }
        let digits = unit == nil ? Substring(text) : text.dropLast()
        guard digits.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }), let number = Int(digits) else { return nil }
        let (seconds, overflows) = number.multipliedReportingOverflow(by: unit ?? 1)
        guard !overflows, (1...365 * 86_400).contains(seconds) else { return nil }
        return .seconds(seconds)
    }
}
