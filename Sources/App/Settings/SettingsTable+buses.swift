import Transport

extension SettingsTable {
    static let busRouting = Setting<BusRouting>.choice(
        "BUS_ROUTING",
        default: .broadcast,
        summary: "Whether every instance hears everything, or only what is for its users."
    )

    static let busSecret = Setting<Secret?>.optional(
        SettingDeclaration(
            name: "BUS_SECRET",
            defaultText: "none: messages are not signed",
            allowed: "a text",
            secrecy: .secret,
            summary: "Key that messages between instances are signed with; the same for all instances."
        )
    ) { Secret($0) }

    static let busInitTimeout = Setting.milliseconds(
        "BUS_INIT_TIMEOUT_MS",
        default: 5_000,
        in: 1...600_000,
        summary: "Milliseconds to wait for Redis at boot."
    )

    static let busRequired = Setting<Bool?>.optional(
        SettingDeclaration(
            name: "BUS_REQUIRED",
            defaultText: "true, false in development",
            allowed: "true or false",
            summary: "Whether the server refuses to start when Redis is set and can't be reached."
        ),
        parse: Setting<Bool>.parseFlag
    )

    static let buses: [SettingDeclaration] = [
        busRouting.declaration, busSecret.declaration, busInitTimeout.declaration, busRequired.declaration,
    ]
}
