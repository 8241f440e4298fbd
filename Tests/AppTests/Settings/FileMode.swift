import Glibc
import LocalCluster
import TestSupport

enum FileMode {
    /// The permission bits of a file.
    static func of(_ path: String) throws -> UInt32 {
        var information = stat()
        guard lstat(path, &information) == 0 else { throw ChildProcessError("\(path) is not there") }
        return information.st_mode & 0o777
    }
}

enum ProcessID {
    static var current: Int32 { getpid() }
}
