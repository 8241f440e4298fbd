import FoundationEssentials
import Testing

@testable import App

@Suite("The documentation of settings is what the program reads")
struct SettingsDocumentTests {
    @Test("docs/settings.md holds the table that `switchboard settings --markdown` prints")
    func documentation() throws {
        let repository = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let text = try String(contentsOfFile: "/\(repository)/docs/settings.md", encoding: .utf8)
        #expect(text.contains(SettingsDocument.markdown))
    }

    @Test("Each variable is declared once")
    func names() {
        let names = SettingsTable.all.flatMap { [$0.name, $0.alias].compactMap(\.self) }
        #expect(Set(names).count == names.count)
    }

    @Test("Programs find every variable that they know")
    func contract() {
        let known = """
            PORT HOST INSTANCE_ID SERVER_ID NODE_ENV REDIS_URL REDIS_HOST REDIS_PORT REDIS_USERNAME REDIS_PASSWORD REDIS_DB REDIS_TLS \
            REDIS_CA_FILE DB_URI JWT_SECRET JWT_SECRET_PREVIOUS TOKEN_TTL COOKIE_DOMAIN ALLOWED_ORIGINS ADMIN_USERNAME ADMIN_PASSWORD \
            PRESENCE_EXPIRY BUS_ROUTING BUS_SECRET BUS_INIT_TIMEOUT_MS BUS_REQUIRED LOG_LEVEL LOG_FORMAT MAX_FRAME_BYTES \
            OUTBOUND_LIMIT_BYTES HEARTBEAT_SECONDS RATE_LIMIT DRAIN_SECONDS TLS_CERT_FILE TLS_KEY_FILE TRUSTED_PROXIES
            """
        let names = SettingsTable.all.flatMap { [$0.name, $0.alias].compactMap(\.self) }
        #expect(Set(known.split(separator: " ").map(String.init)).subtracting(names).isEmpty)
    }
}
