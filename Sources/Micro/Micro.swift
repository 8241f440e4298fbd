import ArgumentParser

/// The small steps of a message as a program that starts nothing else: for tools that count instructions, which the server's own main
/// function, being asynchronous, ends.
@main
struct Micro: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "switchboard-micro",
        abstract: "Do one small step again and again, or count its instructions.",
        subcommands: [Run.self, CheckInstructions.self]
    )
}
