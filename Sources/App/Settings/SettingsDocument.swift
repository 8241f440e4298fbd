/// The settings as people read them.
enum SettingsDocument {
    /// One paragraph a variable, for `--help`.
    static var help: String {
        let variables = SettingsTable.all.map { setting in
            let names = [setting.name, setting.alias].compactMap(\.self).joined(separator: " or ")
            return "  \(names) (default: \(setting.defaultText))\n      \(setting.summary) Must be \(setting.allowed)."
        }
        let files = SettingsTable.all.filter(\.mayBeInFile).map { $0.name + "_FILE" }.joined(separator: ", ")
        return "Settings, from the environment, else from the file of --config, else from .env:\n" + variables.joined(separator: "\n")
            + "\n  \(files)\n      A file that holds the variable's value; it counts where the variable itself is not set."
    }

    /// A table in Markdown.
    static var markdown: String {
        let rows = SettingsTable.all.map { setting in
            let names = [setting.name, setting.alias].compactMap { $0.map { "`\($0)`" } }.joined(separator: " or ")
            return [names, setting.defaultText.cell, setting.allowed.cell, setting.summary.cell].joined(separator: " | ")
        }
        let lines = ["variable | default | must be | what it is for", "--- | --- | --- | ---"] + rows
        return lines.map { "| \($0) |\n" }.joined()
    }
}

extension String {
    fileprivate var cell: String {
        split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
