import ArgumentParser

/// Prints what can be set; the table in the documentation is made with it.
struct SettingsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "settings", abstract: "Print every setting.", shouldDisplay: false)

    @Flag(help: "As a table in Markdown.")
    var markdown = false

    func run() {
        print(markdown ? SettingsDocument.markdown : SettingsDocument.help, terminator: markdown ? "" : "\n")
    }
}
