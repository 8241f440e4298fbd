import ArgumentParser
import Glibc

/// The server that `bench fanout` measures its own load client with.
struct PrebuiltFrames: AsyncParsableCommand {
    static let name = "prebuilt-frames"

    static let configuration = CommandConfiguration(
        commandName: name,
        abstract: "Write frames to whoever has joined, and nothing else.",
        shouldDisplay: false
    )

    @Argument(help: "Where it listens.")
    var port: Int

    @Argument(help: "Not used: what is compared gets the same arguments.")
    var redis: String?

    func run() async throws {
        try await PrebuiltFramesServer.run(port: port) {
            LogSink.write(Array("listening\n".utf8), to: STDOUT_FILENO)
        }
    }
}
