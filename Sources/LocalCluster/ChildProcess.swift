import Foundation
import Glibc

/// A program that a test runs, with its output. It is killed when nobody holds it any more.
package final class ChildProcess: Sendable {
    package let processID: Int32
    private let record: ProcessRecord

    /// Starts a program with exactly the given environment and nothing on its standard input.
    ///
    /// - Parameters:
    ///   - executable: its path.
    ///   - arguments: without the program's own name.
    ///   - environment: all of its variables.
    ///   - directory: where it runs.
    package init(executable: String, arguments: [String], environment: [String: String], directory: String) throws {
        let output = try Pipe()
        let errors = try Pipe()
        defer {
            close(output.writeEnd)
            close(errors.writeEnd)
        }
        do {
            processID = try Self.spawn(
                executable,
                arguments: arguments,
                environment: environment,
                directory: directory,
                descriptors: (output.writeEnd, errors.writeEnd)
            )
        } catch {
            close(output.readEnd)
            close(errors.readEnd)
            throw error
        }
        record = ProcessRecord(program: ([executable] + arguments).joined(separator: " "))
        Self.read(output.readEnd, into: record, stream: .standardOutput)
        Self.read(errors.readEnd, into: record, stream: .standardError)
        Thread.detachNewThread { [record, processID] in
            var information = siginfo_t()
            // Reaped only under the record's lock, so that a signal can't go to somebody else's process with the same id.
            while waitid(P_PID, id_t(processID), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
            record.reap(processID)
        }
    }

    deinit {
        record.signal(SIGKILL, to: processID)
    }

    /// The lines so far; of very many the last ones.
    package func lines(of stream: ProcessRecord.Stream = .standardError) -> [String] {
        record.lines(of: stream)
    }

    /// Waits for a line that satisfies `condition`, those that are there already included.
    ///
    /// - Throws: `ChildProcessError` with the last lines, where the program ends or the time runs out before.
    package func waitForLine(
        in stream: ProcessRecord.Stream = .standardError,
        _ what: String,
        timeout: Duration = .seconds(30),
        where condition: @escaping @Sendable (String) -> Bool
    ) async throws -> String {
        try await waitForLine(1, in: stream, what, timeout: timeout, where: condition)
    }

    /// As the other, for the `number`th such line.
    package func waitForLine(
        _ number: Int,
        in stream: ProcessRecord.Stream = .standardError,
        _ what: String,
        timeout: Duration = .seconds(30),
        where condition: @escaping @Sendable (String) -> Bool
    ) async throws -> String {
        try await record.wait(for: what, timeout: timeout) { state in
            let lines = state.lines(of: stream).lazy.filter(condition).prefix(number)
            if lines.count == number, let last = Array(lines).last { return .success(last) }
            return state.exit == nil ? nil : .failure(ChildProcessError("the program ended before \(what)"))
        }
    }

    /// Waits until the program has ended and all its output is here.
    package func waitForExit(timeout: Duration = .seconds(30)) async throws -> ProcessRecord.Exit {
        try await record.wait(for: "the end of the program", timeout: timeout) { state in
            state.exit.map { .success($0) }
        }
    }

    /// Sends a signal where the program still runs.
    package func send(_ signal: Int32) {
        record.signal(signal, to: processID)
    }

    private static func read(_ descriptor: Int32, into record: ProcessRecord, stream: ProcessRecord.Stream) {
        Thread.detachNewThread {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = Glibc.read(descriptor, &buffer, buffer.count)
                if count > 0 {
                    record.append(buffer[..<count], to: stream)
                } else if count == 0 || errno != EINTR {
                    break
                }
            }
            close(descriptor)
            record.close(stream)
        }
    }

    private static func spawn(
        _ executable: String,
        arguments: [String],
        environment: [String: String],
        directory: String,
        descriptors: (output: Int32, errors: Int32)
    ) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, descriptors.output, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, descriptors.errors, STDERR_FILENO)
        // glibc's own way to change the directory of a child is not visible to Swift; env becomes the program, with the same process id.
        let changer = "/usr/bin/env"
        let argumentPointers = ([changer, "-C", directory, executable] + arguments).map { strdup($0) } + [nil]
        let environmentPointers = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (argumentPointers + environmentPointers).forEach { free($0) } }
        keepDescriptorsToOurselves()
        var processID: pid_t = 0
        let failure = posix_spawn(&processID, changer, &actions, nil, argumentPointers, environmentPointers)
        guard failure == 0 else { throw ChildProcessError("\(executable) can't be started: errno \(failure)") }
        return processID
    }
}

/// Sockets that a child inherits stay open when they are closed here: whoever is at their other end doesn't notice.
private func keepDescriptorsToOurselves() {
    guard let directory = opendir("/proc/self/fd") else { return }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        guard let descriptor = Int32(name), descriptor > STDERR_FILENO else { continue }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }
}

/// Two ends that no other program inherits: a pair of sockets, as a pipe is only closed to them in a second step.
private struct Pipe {
    let readEnd: Int32
    let writeEnd: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw ChildProcessError("no pair of sockets: errno \(errno)") }
        readEnd = ends[0]
        writeEnd = ends[1]
    }
}
