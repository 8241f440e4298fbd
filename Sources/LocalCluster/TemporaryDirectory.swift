import FoundationEssentials
import Glibc

/// A directory of a test's own, removed with everything in it when nobody holds it any more.
package final class TemporaryDirectory: Sendable {
    package let path: String

    package init() throws {
        var template = Array((FileManager.default.temporaryDirectory.path + "/switchboard-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw ChildProcessError("no temporary directory: errno \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of something in the directory.
    package func path(of name: String) -> String {
        "\(path)/\(name)"
    }
}
