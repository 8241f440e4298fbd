import Glibc

/// One run of a command line tool to its end.
package enum ToolRun {
    /// What the tool prints on its standard output.
    ///
    /// - Throws: `ChildProcessError` where its status is not 0.
    @discardableResult
    package static func output(of tool: String, _ arguments: [String], in directory: TemporaryDirectory) async throws -> String {
        let process = try ChildProcess(
            executable: "/usr/bin/env",
            arguments: [tool] + arguments,
            environment: ["PATH": searchPath, "HOME": directory.path],
            directory: directory.path
        )
        let exit = try await process.waitForExit()
        let output = process.lines(of: .standardOutput).joined(separator: "\n")
        guard exit == .exited(0) else {
            let errors = process.lines(of: .standardError).joined(separator: "\n")
            throw ChildProcessError("\(tool) ended with \(exit): \(output)\n\(errors)")
        }
        return output
    }

    /// Where tools are looked for.
    package static var searchPath: String {
        getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
    }
}
