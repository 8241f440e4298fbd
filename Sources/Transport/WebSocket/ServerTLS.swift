import Actors
package import NIOSSL

/// The server's certificate, which can be changed while it serves: new connections get the new one, those that are open stay.
package final class ServerTLS: Sendable {
    /// Why a certificate can't be used, in words for the operator; nothing of a key is in it.
    package struct LoadError: Error, Hashable, CustomStringConvertible {
        package let description: String
    }

    private let context: Locked<NIOSSLContext>
    private let files: (certificate: String, key: String)?

    /// With a context that stays.
    package init(context: NIOSSLContext) {
        self.context = Locked(context)
        files = nil
    }

    /// Reads the files.
    ///
    /// - Parameters:
    ///   - certificateFile: PEM, the server's certificate first, then those that lead to its authority.
    ///   - keyFile: PEM, the certificate's private key, without a password.
    /// - Throws: `LoadError` where a file can't be read, or the key isn't the certificate's.
    package init(certificateFile: String, keyFile: String) throws(LoadError) {
        context = Locked(try Self.load(certificateFile: certificateFile, keyFile: keyFile))
        files = (certificateFile, keyFile)
    }

    /// For the next handshake.
    package var current: NIOSSLContext { context.withLock { $0 } }

    /// Reads the files again. Where they can't be used, what was read before stays in use.
    package func reload() throws(LoadError) {
        guard let files else { return }
        let next = try Self.load(certificateFile: files.certificate, keyFile: files.key)
        context.withLock { $0 = next }
    }

    private static func load(certificateFile: String, keyFile: String) throws(LoadError) -> NIOSSLContext {
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(certificateFile)
        } catch {
            throw LoadError(description: "\(certificateFile) holds no certificate in PEM that can be read")
        }
        guard !chain.isEmpty else { throw LoadError(description: "\(certificateFile) holds no certificate in PEM") }
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(file: keyFile, format: .pem)
        } catch {
            throw LoadError(description: "\(keyFile) holds no private key in PEM that can be read without a password")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        // HTTP/2 has no place for a WebSocket here.
        configuration.applicationProtocols = ["http/1.1"]
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw LoadError(description: "\(keyFile) is not the key of the certificate in \(certificateFile)")
        }
    }
}
