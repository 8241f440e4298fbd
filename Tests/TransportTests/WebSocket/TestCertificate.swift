import NIOSSL

/// A self-signed certificate for `localhost` and 127.0.0.1, with its key: for these tests and nothing else.
enum TestCertificate {
    private static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBnDCCAUGgAwIBAgIUM5utBaxzcyoGNFGgQF8ydoVIgCcwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTA3NTcwOVoYDzIxMjYxMDI4
        MDc1NzA5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAARmduJb224Ni8D/wHt4iNSjQPQTiKRbAJAon7EbrTlPrBvmYvs0nYck
        zQqg6MXFDTsk3H5GXtXS5RqS7e5fc5RPo28wbTAdBgNVHQ4EFgQUdwI9RWLM3svb
        FGSzkdSJwYkFbT8wHwYDVR0jBBgwFoAUdwI9RWLM3svbFGSzkdSJwYkFbT8wDwYD
        VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
        zj0EAwIDSQAwRgIhAPegjZ/B7yoAjxTQGTU3VmgNbecSKNjbjUFXo8FdukO9AiEA
        12bxEhukOCOLB1xqVaFkbCvHDCYb46nlaWJgJzDbD34=
        -----END CERTIFICATE-----
        """

    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg2BohKIzUrWcK/o4v
        Z4mhrLDpS8G6S+oz62UyFNvTOuuhRANCAARmduJb224Ni8D/wHt4iNSjQPQTiKRb
        AJAon7EbrTlPrBvmYvs0nYckzQqg6MXFDTsk3H5GXtXS5RqS7e5fc5RP
        -----END PRIVATE KEY-----
        """

    static func serverContext() throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)).map { NIOSSLCertificateSource.certificate($0) }
        let privateKey = try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)
        return try NIOSSLContext(configuration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(privateKey)))
    }

    static func clientContext() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)))
        return try NIOSSLContext(configuration: configuration)
    }
}
