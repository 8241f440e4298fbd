import Actors
import ArgumentParser
import Glibc
import Transport

/// What an operator does to accounts without a server: it works on the store, and tells running instances over Redis.
struct AdminCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin",
        abstract: "Make admins; list, ban and unban accounts.",
        subcommands: [Create.self, List.self, Ban.self, Unban.self]
    )

    /// Makes an admin.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an admin.",
            discussion:
                "The password is a line of the standard input: a command line can be seen by others."
        )

        @OptionGroup var config: ConfigOption

        @Argument(help: "The name: 3–32 of A-Z a-z 0-9 _ . -")
        var username: String

        func run() async throws {
            try await AdminDesk.open(config) { desk in
                let user = try await desk.create(username, password: try password())
                print("\(user.userID) \(user.username) admin")
            }
        }

        private func password() throws -> String {
            guard let password = Self.readSecretLine() else {
                throw ExitError(.failure, "no password: give it as a line of the standard input")
            }
            return password
        }

        /// A line of the standard input; a terminal doesn't show it.
        private static func readSecretLine() -> String? {
            var attributes = termios()
            guard tcgetattr(STDIN_FILENO, &attributes) == 0 else { return readLine() }
            print("Password: ", terminator: "")
            fflush(nil)
            var silent = attributes
            silent.c_lflag &= ~tcflag_t(ECHO)
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
            defer {
                tcsetattr(STDIN_FILENO, TCSAFLUSH, &attributes)
                print()
            }
            return readLine()
        }
    }

    /// Lists accounts.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List accounts: id, name, role, and whether they are suspended.")

        @OptionGroup var config: ConfigOption

        @Argument(help: "The beginning of the names; all where it is not given.")
        var prefix = ""

        @Flag(help: "Only admins.")
        var admins = false

        func run() async throws {
            try await AdminDesk.open(config) { desk in
                try await desk.forEachUser(prefix: prefix) { user in
                    guard !admins || user.role == .admin else { return }
                    print("\(user.userID) \(user.username) \(user.role.rawValue)\(user.isSuspended ? " suspended" : "")")
                }
            }
        }
    }

    /// Suspends an account and ends its sessions.
    struct Ban: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Suspend an account and end its sessions.")

        @OptionGroup var config: ConfigOption

        @Argument(help: "The account's name or id.")
        var account: String

        @Option(help: "For the audit log.")
        var reason: String?

        func run() async throws {
            try await AdminDesk.open(config) { desk in
                let user = try await desk.withModeration { moderation in
                    try await moderation.ban(try await desk.find(account), by: nil, reason: reason).user
                }
                print("\(user.userID) \(user.username) suspended")
            }
        }
    }

    /// Lifts a suspension.
    struct Unban: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lift a suspension; the account has to log in again.")

        @OptionGroup var config: ConfigOption

        @Argument(help: "The account's name or id.")
        var account: String

        func run() async throws {
            try await AdminDesk.open(config) { desk in
                let user = try await desk.withModeration { moderation in
                    try await moderation.unban(try await desk.find(account), by: nil, reason: nil).user
                }
                print("\(user.userID) \(user.username) active")
            }
        }
    }
}
