import Glibc

/// A TCP port of the loopback address that nobody else is given while this is kept.
///
/// A socket is bound to it that doesn't listen: whoever connects is refused, the kernel hands the port to nobody who asks for a free one,
/// and a server that is told this port can still take it, again and again, as servers set `SO_REUSEADDR`.
package final class ReservedPort: Sendable {
    package let number: Int
    private let descriptor: Int32

    /// - Throws: `ChildProcessError` where the system has no socket or no port.
    package init() throws {
        let descriptor = socket(AF_INET, Self.stream, 0)
        guard descriptor >= 0 else { throw ChildProcessError("no socket: \(errno)") }
        var reuses: Int32 = 1
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuses, socklen_t(MemoryLayout<Int32>.size)) == 0
                    && fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0
                    && bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
            }
        }
        guard isBound else {
            let error = errno
            close(descriptor)
            throw ChildProcessError("no free port: \(error)")
        }
        self.descriptor = descriptor
        number = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit {
        close(descriptor)
    }

    #if os(Linux)
        private static let stream = Int32(SOCK_STREAM.rawValue)
    #else
        private static let stream = SOCK_STREAM
    #endif
}
