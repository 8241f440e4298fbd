import Glibc
import NIOCore
import NIOPosix

/// Tries whether the server can listen where `HOST` says, before anything else is begun.
enum ListenAddress {
    /// - Throws: `SettingsError` where the host is unknown or not this machine; any other obstacle is left to the server.
    static func check(_ host: String) async throws(SettingsError) {
        do {
            try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: host, port: 0).get().close()
        } catch let error as IOError where [EADDRNOTAVAIL, EAFNOSUPPORT].contains(error.errnoCode) {
            throw wrong(host)
        } catch is SocketAddressError {
            throw wrong(host)
        } catch is SocketAddressError.UnknownHost {
            throw wrong(host)
        } catch {}
    }

    private static func wrong(_ host: String) -> SettingsError {
        SettingsError(SettingsTable.host.declaration, name: SettingsTable.host.declaration.name, value: host)
    }
}
