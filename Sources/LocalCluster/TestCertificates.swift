import FoundationEssentials

/// An authority and a server certificate of it, made with the `openssl` command for one test.
package enum TestCertificates {
    /// Makes `ca.crt`, `ca.key`, `server.crt` and `server.key` in a directory.
    ///
    /// - Parameter names: as in `subjectAltName`: `DNS:localhost,IP:127.0.0.1`.
    package static func make(in directory: TemporaryDirectory, names: String) async throws {
        try Data("subjectAltName=\(names)\n".utf8).write(to: URL(filePath: directory.path(of: "names.cnf")))
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        let authority = ["req", "-x509"] + key + ["-days", "2", "-subj", "/CN=Test authority", "-keyout", "ca.key", "-out", "ca.crt"]
        try await ToolRun.output(of: "openssl", authority, in: directory)
        let request = ["req"] + key + ["-subj", "/CN=Test server", "-keyout", "server.key", "-out", "server.csr"]
        try await ToolRun.output(of: "openssl", request, in: directory)
        let signing = ["x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"]
        try await ToolRun.output(of: "openssl", signing + ["-extfile", "names.cnf", "-out", "server.crt"], in: directory)
    }
}
