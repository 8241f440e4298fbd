import ArgumentParser
import FoundationEssentials

/// Where a command's settings come from.
struct ConfigOption: ParsableArguments {
    @Option(name: .customLong("config"), help: "A file of NAME=value lines; the environment wins over it. Default: .env, if there is one.")
    var path: String?

    /// Reads and checks the settings.
    func settings() throws -> Settings {
        try Settings.load(configFile: path)
    }

    /// For a command that needs a few of them only.
    func reader() throws -> SettingsReader {
        try SettingsReader(configFile: path, environment: ProcessInfo.processInfo.environment, directory: ".")
    }
}
