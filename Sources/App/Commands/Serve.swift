import ArgumentParser
import Logging

/// Runs one instance until it is told to stop.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run one instance.",
        discussion: SettingsDocument.help
    )

    @OptionGroup var config: ConfigOption

    func run() async throws {
        let settings = try config.settings()
        try await ListenAddress.check(settings.http.host)
        LogSystem.start(settings.log, instanceID: settings.instance.id, time: SystemTime())
        if let file = settings.accounts.tokenSecretFile {
            Logger(label: "Server").notice("token_secret_from_file", metadata: ["file": .string(file), "reason": "JWT_SECRET not set"])
        }
        try await Server.run(settings)
    }
}
