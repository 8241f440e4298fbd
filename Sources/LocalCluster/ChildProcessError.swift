/// Why a child process could not be used as a test wants to, for whoever reads the test's output.
package struct ChildProcessError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
