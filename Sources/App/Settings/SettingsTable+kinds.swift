import NIOSSL

extension SettingsTable {
    /// A file with certificates.
    static func certificates(_ name: String, summary: String) -> Setting<String?> {
        let allowed = "a file that can be read, with certificates in PEM"
        return .optional(SettingDeclaration(name: name, defaultText: "none", allowed: allowed, summary: summary)) { path in
            (try? NIOSSLCertificate.fromPEMFile(path))?.isEmpty == false ? path : nil
        }
    }

    /// A file with a private key.
    static func privateKey(_ name: String, summary: String) -> Setting<String?> {
        let allowed = "a file that can be read, with a private key in PEM without a password"
        return .optional(SettingDeclaration(name: name, defaultText: "none", allowed: allowed, summary: summary)) { path in
            (try? NIOSSLPrivateKey(file: path, format: .pem)) == nil ? nil : path
        }
    }

    /// A comma list with spaces allowed around its elements.
    static func list<Element: Sendable>(
        _ name: String,
        allowed: String,
        summary: String,
        element: @escaping @Sendable (String) -> Element?
    ) -> Setting<[Element]> {
        let declaration = SettingDeclaration(name: name, defaultText: "none", allowed: allowed, summary: summary)
        return Setting(declaration: declaration, fallback: []) { text in
            let parts = text.split(separator: ",").map { String($0.filter { $0 != " " }) }.filter { !$0.isEmpty }
            let elements = parts.compactMap(element)
            return elements.count == parts.count ? elements : nil
        }
    }

    /// Whether the text is 1 to `limit` letters, digits and characters of `extra`.
    static func isName(_ text: String, upTo limit: Int, extra: String) -> Bool {
        (1...limit).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"): true
                default: extra.utf8.contains(byte)
                }
            }
    }

    /// Whether the text can be a host name or an address: nothing in it that separates parts of a URL.
    static func isHost(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/@?#,[]\"\\".utf8.contains($0) }
    }
}
