import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension RedisError {
    /// What went wrong while connecting or on the wire, in words without addresses and secrets.
    init(connecting error: any Error) {
        switch error {
        case let error as RedisError:
            self = error
        case let error as NIOConnectionError:
            self.init(connection: error)
        case let error as IOError:
            self.init(.unavailable, Self.words(for: error.errnoCode))
        case ChannelError.connectTimeout:
            self.init(.timeout, "no connection in time")
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            self.init(.tls, "TLS: \(Self.words(forTLS: error))")
        case is ChannelError:
            self = .closed
        default:
            self.init(.unavailable, "no connection (\(type(of: error)))")
        }
    }

    private init(connection error: NIOConnectionError) {
        if let first = error.connectionErrors.first {
            self.init(connecting: first.error)
        } else {
            self.init(.unavailable, "the host's name can't be resolved")
        }
    }

    /// The TLS library's own words where there are none for people: they name its sources and lines.
    private static func words(forTLS error: any Error) -> String {
        let text = String(describing: error)
        if text.contains("CERTIFICATE_VERIFY_FAILED") { return "the server's certificate is not trusted" }
        if text.contains("failedToValidateHostname") { return "the server's certificate is for another name" }
        if text.contains("WRONG_VERSION_NUMBER") { return "the server does not speak TLS on this port" }
        return text.replacing("\n", with: " ")
    }

    private static func words(for code: CInt) -> String {
        switch code {
        case ECONNREFUSED: "connection refused"
        case ECONNRESET, EPIPE: "connection reset"
        case ENOENT: "no such socket"
        case EACCES: "no permission to use the socket"
        case EHOSTUNREACH, ENETUNREACH: "no route to the host"
        case ETIMEDOUT: "no connection in time"
        default: "system error \(code)"
        }
    }
}
