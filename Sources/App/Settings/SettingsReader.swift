import Configuration
import FoundationEssentials

/// Reads declared variables: from the environment, then from a file.
struct SettingsReader {
    private let config: ConfigReader

    /// - Parameters:
    ///   - environment: wins over the file.
    ///   - file: what the file holds, if there is one.
    init(environment: [String: String], file: EnvironmentFile?) {
        // A variable that is set to nothing counts as not set: compose files and shells pass those on.
        let sources = [environment, file?.variables ?? [:]].map { $0.filter { !$0.value.isEmpty } }
        config = ConfigReader(providers: sources.map { EnvironmentVariablesProvider(environmentVariables: $0) })
    }

    /// - Parameters:
    ///   - path: the file that was asked for; where nil, `.env` in `directory` is read if it exists.
    ///   - environment: the process's variables.
    ///   - directory: the working directory.
    init(configFile path: String?, environment: [String: String], directory: String) throws(SettingsError) {
        let chosen = path ?? directory + "/.env"
        guard path != nil || FileManager.default.fileExists(atPath: chosen) else {
            self.init(environment: environment, file: nil)
            return
        }
        let text: String
        do {
            text = try String(contentsOfFile: chosen, encoding: .utf8)
        } catch {
            throw SettingsError("\(path ?? ".env") can't be read: must be a file of NAME=value lines in UTF-8")
        }
        self.init(environment: environment, file: try EnvironmentFile(text, path: path ?? ".env"))
    }

    /// The variable's value, or its default. What may hold a secret can be in a file that `NAME_FILE` names instead.
    func value<Value>(_ setting: Setting<Value>) throws(SettingsError) -> Value {
        let declaration = setting.declaration
        for name in [declaration.name, declaration.alias].compactMap(\.self) {
            var text = text(name, of: declaration)
            if text == nil { text = try textInFile(name, of: declaration) }
            guard let text else { continue }
            guard let value = setting.parse(text) else { throw SettingsError(declaration, name: name, value: text) }
            return value
        }
        return setting.fallback
    }

    /// Whether the variable is set to something.
    func has<Value>(_ setting: Setting<Value>) -> Bool {
        text(setting.declaration.name, of: setting.declaration) != nil
    }

    /// What the file holds that `NAME_FILE` names, without the ends of lines behind it.
    private func textInFile(_ name: String, of declaration: SettingDeclaration) throws(SettingsError) -> String? {
        guard declaration.mayBeInFile, let path = config.string(forKey: ConfigKey(name + "_FILE")), !path.isEmpty else { return nil }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw SettingsError("\(name)_FILE must be a file that can be read")
        }
        let value = text.reversed().drop(while: \.isNewline).reversed()
        guard !value.isEmpty else { throw SettingsError("\(name)_FILE must be a file with something in it") }
        return String(value)
    }

    private func text(_ name: String, of declaration: SettingDeclaration) -> String? {
        let isSecret = if case .open = declaration.secrecy { false } else { true }
        return config.string(forKey: ConfigKey(name), isSecret: isSecret)
    }
}
