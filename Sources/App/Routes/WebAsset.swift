import CWebAssets
import NIOCore

/// A file of the web client or of the protocol's documents, as it is compiled into the program.
struct WebAsset: Sendable {
    /// Its path below `Sources/App/Web`.
    let name: String
    let contentType: String
    let body: ByteBuffer
    /// Depends on the bytes alone: the same on every instance of one version.
    let entityTag: String

    /// Where it is served: at its name, a folder's page at the folder.
    var path: String {
        let page = "index.html"
        return "/" + (name.hasSuffix(page) ? name.dropLast(page.count) : name[...])
    }

    /// All of them, read once.
    static let all: [WebAsset] = {
        var count = 0
        let first = web_assets(&count)
        return UnsafeBufferPointer(start: first, count: count).map(WebAsset.init)
    }()

    private init(_ asset: web_asset) {
        name = String(cString: asset.name)
        contentType = Self.contentType(of: name)
        let bytes = UnsafeRawBufferPointer(start: asset.bytes, count: asset.length)
        body = ByteBuffer(bytes: bytes)
        entityTag = "\"\(String(Self.digest(bytes), radix: 16))\""
    }

    private static func contentType(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "json": "application/json"
        case "svg": "image/svg+xml"
        default: "application/octet-stream"
        }
    }

    /// FNV-1a with 64 bits.
    private static func digest(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
