package import Foundation

/// One run of a command line tool to its end.
package enum ToolRun {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// What the tool prints, on both of its outputs.
    ///
    /// - Throws: `Failure` where its status is not 0.
    @discardableResult
    package static func output(of tool: String, _ arguments: [String], in directory: URL) async throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [tool] + arguments
        process.currentDirectoryURL = directory
        process.standardInput = FileHandle.nullDevice
        let output = directory.appending(path: "output-\(UUID().uuidString)")
        try Data().write(to: output)
        defer { try? FileManager.default.removeItem(at: output) }
        let handle = try FileHandle(forWritingTo: output)
        defer { try? handle.close() }
        process.standardOutput = handle
        process.standardError = handle
        let status = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
        let text = String(decoding: try Data(contentsOf: output), as: UTF8.self)
        guard status == 0 else { throw Failure(description: "\(tool) ended with status \(status): \(text)") }
        return text
    }
}
