import ArgumentParser
import FoundationEssentials
import Glibc
import NIOCore

/// The load client of `bench idle` in a process of its own: by itself it has the descriptors that a process may have, and its processor time
/// can be told from the rest.
struct HoldConnections: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold-connections",
        abstract: "Open WebSockets that do nothing and hold them; part of bench.",
        shouldDisplay: false
    )

    @Option(help: "The server's port on 127.0.0.1.")
    var port: UInt16

    @Option(help: "A file with a token a line: as many connections are opened.")
    var tokens: String

    @Option(help: "How many are opened at the same time.")
    var atOnce: Int

    func run() throws {
        _ = FileLimit.raise()
        let tokens = try String(contentsOfFile: tokens, encoding: .utf8).split(separator: "\n").map(String.init)
        do {
            var holder = ConnectionHolder(port: port)
            // Of a clock that all processes of the machine share.
            let begin = NIODeadline.now()
            try holder.connect(tokens, atOnce: atOnce)
            LogSink.write(Array("connected \(begin.uptimeNanoseconds) \(NIODeadline.now().uptimeNanoseconds)\n".utf8), to: STDOUT_FILENO)
            try holder.hold()
        } catch let failure as BenchFailure {
            throw ExitError(.failure, failure.description)
        }
    }
}
