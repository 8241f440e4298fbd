import Logging
import ServiceLifecycle
import Transport
import UnixSignals

/// Reads the certificate again whenever the process gets SIGHUP.
struct ReloadService: Service {
    /// Nil without TLS: then the signal changes nothing, and ends nothing either.
    let tls: ServerTLS?
    let logger: Logger

    func run() async {
        await cancelWhenGracefulShutdown {
            for await _ in await UnixSignalsSequence(trapping: .sighup) {
                guard let tls else {
                    logger.notice("reload_ignored", metadata: ["reason": "TLS_CERT_FILE not set"])
                    continue
                }
                do throws(ServerTLS.LoadError) {
                    try tls.reload()
                    logger.notice("certificate_reloaded")
                } catch {
                    logger.error("certificate_not_reloaded", metadata: ["reason": "\(error)"])
                }
            }
        }
    }
}
