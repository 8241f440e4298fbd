import ArgumentParser
import FoundationEssentials
import Glibc
import Transport

/// The command line of the server.
@main
struct Switchboard: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "switchboard",
        abstract: "A chat server of any number of instances.",
        subcommands: [
            Serve.self, Check.self, Healthcheck.self, AdminCommand.self, Verify.self, Bench.self, Capacity.self, PrebuiltFrames.self,
            Chaos.self, SettingsCommand.self, HoldConnections.self,
        ]
    )

    static func main() async {
        SharedCounters.unlink()
        do {
            var command = try await asyncParseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as ExitError {
            end(error)
        } catch let error as SettingsError {
            end(ExitError(.settings, error.description))
        } catch {
            exit(withError: error)
        }
    }

    private static func end(_ error: ExitError) -> Never {
        LogSink.write(Array("switchboard: \(error.message)\n".utf8), to: STDERR_FILENO)
        Glibc.exit(error.status.rawValue)
    }
}
