import Actors
import LocalCluster
import Logging
import TestSupport
import Testing
import Transport

@testable import App

@Suite("Settings are read from the environment and checked")
struct SettingsTests {
    private static let secret = "0123456789abcdef0123456789abcdef"

    private func load(_ variables: [String: String] = [:]) throws(SettingsError) -> Settings {
        try Settings(SettingsReader(environment: ["JWT_SECRET": Self.secret].merging(variables) { _, new in new }, file: nil))
    }

    @Test("What is not set has the documented default")
    func defaults() throws {
        let settings = try load()
        #expect(settings.http.port == 8000)
        #expect(settings.http.host == "127.0.0.1")
        #expect(settings.instance.environment == "production")
        #expect(settings.instance.id.hasSuffix("-\(ProcessID.current)"))
        #expect(settings.redis == nil)
        #expect(settings.database.uri == .sqlite(path: "./data/switchboard.db"))
        #expect(settings.database.poolSize == 16)
        #expect(settings.accounts.tokenLifetime == .seconds(604_800))
        #expect(settings.accounts.scryptLogN == 17)
        #expect(settings.bus.initTimeout == .milliseconds(5_000))
        #expect(settings.bus.isRequired)
        #expect(settings.connections.maxFrameBytes == 65_536)
        #expect(settings.connections.outboundLimitBytes == 1_048_576)
        #expect(settings.connections.heartbeat == .seconds(25))
        #expect(settings.connections.rateLimit == 20)
        #expect(settings.connections.drain == .seconds(20))
        #expect(settings.presenceExpiry == .seconds(86_400))
        #expect(settings.log.level == .info)
        #expect(settings.log.format == .text)
    }

    @Test(
        "Allowed values are taken",
        arguments: [
            ("PORT", "0"), ("PORT", "65535"), ("INSTANCE_ID", "a-B_1.2:3"), ("TOKEN_TTL", "3600"), ("TOKEN_TTL", "12h"),
            ("ALLOWED_ORIGINS", "https://a.example, http://b.example:8080,http://[::1]:3000"), ("TRUSTED_PROXIES", "10.0.0.0/8,::1"),
            ("LOG_LEVEL", "WARN"), ("LOG_LEVEL", "fatal"), ("LOG_FORMAT", "json"), ("RATE_LIMIT", "0"), ("BUS_REQUIRED", "no"),
            ("REDIS_URL", "redis://user:pa%40ss@redis.example:6380/2"), ("REDIS_URL", "unix:///run/redis.sock?db=1&password=x"),
            ("DB_URI", "sqlite:///var/lib/switchboard.db"), ("COOKIE_DOMAIN", ".example.org"),
        ]
    )
    func allowed(name: String, value: String) throws {
        _ = try load([name: value])
    }

    @Test(
        "A wrong value is refused in one line that names the variable, the value and what is allowed",
        arguments: [
            ("PORT", "abc", "a whole number from 0 to 65535"), ("PORT", "65536", "a whole number"), ("PORT", "-1", "a whole number"),
            ("PORT", "80\n80", "a whole number"), ("HOST", "a b", "an address"), ("INSTANCE_ID", "a b", "1 to 64 of"),
            ("SERVER_ID", "ä", "1 to 64 of"), ("INSTANCE_ID", String(repeating: "x", count: 65), "1 to 64 of"),
            ("NODE_ENV", "a b", "1 to 32"),
            ("TOKEN_TTL", "7w", "a whole number of seconds"), ("TOKEN_TTL", "0", "a whole number of seconds"),
            ("TOKEN_TTL", "366d", "365d"),
            ("TOKEN_TTL", "99999999999999999999d", "365d"), ("TOKEN_TTL", "9223372036854775807d", "365d"),
            ("ALLOWED_ORIGINS", "https://a.example/path", "scheme://host[:port]"), ("ALLOWED_ORIGINS", "*", "scheme://host[:port]"),
            ("ALLOWED_ORIGINS", "http://a.example:0", "scheme://host[:port]"), ("TRUSTED_PROXIES", "10.0.0.0/33", "CIDR"),
            ("TRUSTED_PROXIES", "proxy.example", "CIDR"), ("LOG_LEVEL", "loud", "trace, debug"), ("LOG_FORMAT", "xml", "text or json"),
            ("BUS_ROUTING", "both", "broadcast or targeted"), ("BUS_REQUIRED", "maybe", "true or false"), ("MAX_FRAME_BYTES", "1", "256"),
            ("HEARTBEAT_SECONDS", "0", "from 1 to"), ("RATE_LIMIT", "-1", "from 0 to"), ("DRAIN_SECONDS", "1.5", "a whole number"),
            ("REDIS_PORT", "0", "from 1 to"), ("REDIS_CA_FILE", "/nowhere/ca.pem", "a file that can be read"),
            ("REDIS_CA_FILE", "/etc/passwd", "certificates in PEM"), ("TLS_CERT_FILE", "/etc/passwd", "certificates in PEM"),
            ("TLS_KEY_FILE", "/etc/passwd", "a private key in PEM"),
            ("DB_URI", "mysql:x", "sqlite:PATH"),
            ("DB_URI", "sqlite:", "sqlite:PATH"), ("DB_URI", "sqlite::memory:", "sqlite:PATH"), ("ADMIN_USERNAME", "a", "3 to 32"),
            ("SCRYPT_LOG_N", "30", "from 1 to 20"), ("COOKIE_DOMAIN", "a;b", "a domain name"), ("DB_POOL_SIZE", "0", "from 1 to"),
        ]
    )
    func refused(name: String, value: String, allowed: String) throws {
        let error = try #require(throws: SettingsError.self) { try load([name: value]) }
        #expect(error.description.hasPrefix("\(name) must be "))
        #expect(error.description.contains(allowed))
        #expect(error.description.contains("not \"\(value.prefix(1).filter(\.isASCII))"))
        #expect(!error.description.contains("\n"))
    }

    @Test(
        "A secret is never part of a message or a description",
        arguments: [
            ("JWT_SECRET", "hunter2"), ("JWT_SECRET_PREVIOUS", "hunter2"), ("ADMIN_PASSWORD", "hunter2"),
            ("REDIS_URL", "redis:/a:hunter2@b"),
            ("REDIS_URL", "http://a:hunter2@b"), ("DB_URI", "postgres://a:hunter2@b/c"), ("DB_URI", "mongodb://u:hunter2@h/x?foo=%zz"),
            ("DB_URI", "mongodb://u:p@h/x?foo=%zz&password=hunter2"), ("REDIS_URL", "redis://a:p/hunter2@b"),
            ("REDIS_URL", "redis://a:p@hunter2@b:x"), ("REDIS_URL", "redis://a:hunter2"), ("REDIS_URL", "redis://a:p?hunter2@b"),
            ("REDIS_URL", "redis://a:p#hunter2@b"), ("REDIS_URL", "http://a%3Ahunter2%40b"), ("REDIS_URL", "http://b/a:hunter2"),
            ("DB_URI", "mongodb+srv://a:hunter2@b:1"),
        ]
    )
    func secretsStaySecret(name: String, value: String) throws {
        let error = try #require(throws: SettingsError.self) { try load([name: value]) }
        #expect(error.description.hasPrefix("\(name) must be "))
        #expect(!error.description.contains("hunter2"))
        let settings = try load(["REDIS_URL": "redis://a:hunter2@b", "DB_URI": "mongodb://a:hunter2@b", "BUS_SECRET": "hunter2"])
        #expect(!String(reflecting: settings).contains("hunter2"))
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(!dumped.contains("hunter2"))
    }

    @Test(
        "Of an address that is refused, what holds no secret is shown",
        arguments: [
            ("REDIS_URL", "http://x", "http://x"), ("REDIS_URL", "http://localhost:6379", "http://localhost:6379"),
            ("REDIS_URL", "redis://a:hunter2@b:99999/3", "redis://…@b:99999/…"), ("REDIS_URL", "ftp://[::1]:1?p=1", "ftp://[::1]:1?…"),
            ("DB_URI", "mongodb://u:hunter2@h,i:1/x?foo=%zz", "mongodb://…@h,i:1/…?…"), ("DB_URI", "postgres://b/", "postgres://b/"),
        ]
    )
    func shownAddress(name: String, value: String, shown: String) throws {
        let error = try #require(throws: SettingsError.self) { try load([name: value]) }
        #expect(error.description.hasSuffix(", not \"\(shown)\""))
    }

    @Test("SERVER_ID names the instance where INSTANCE_ID doesn't")
    func serverID() throws {
        #expect(try load(["SERVER_ID": "b"]).instance.id == "b")
        #expect(try load(["INSTANCE_ID": "a", "SERVER_ID": "b"]).instance.id == "a")
    }

    @Test("A variable that is set to nothing is not set")
    func emptyIsUnset() throws {
        #expect(try load(["PORT": "", "REDIS_URL": ""]).http.port == 8000)
        #expect(throws: SettingsError.self) { try load(["JWT_SECRET": ""]) }
    }

    @Test("Without a secret only development starts")
    func missingSecret() throws {
        for environment in ["production", "test", "staging"] {
            let error = try #require(throws: SettingsError.self) { try load(["JWT_SECRET": "", "NODE_ENV": environment]) }
            #expect(error.description.hasPrefix("JWT_SECRET must be at least 32 bytes"))
        }
    }

    @Test("In development a secret is made once, readable by its owner alone")
    func madeSecret() throws {
        let directory = try TemporaryDirectory()
        let variables = ["JWT_SECRET": "", "NODE_ENV": "development", "DB_URI": "sqlite:\(directory.path(of: "deep/er/chat.db"))"]
        let first = try load(variables).accounts
        #expect(first.tokenSecretFile == directory.path(of: "deep/er/jwt-secret"))
        #expect(first.tokenSecret.value.utf8.count == 64)
        #expect(try FileMode.of(directory.path(of: "deep/er/jwt-secret")) == 0o600)
        #expect(try load(variables).accounts.tokenSecret == first.tokenSecret)
        #expect(try load(variables.merging(["JWT_SECRET": Self.secret]) { _, new in new }).accounts.tokenSecretFile == nil)
    }

    @Test("Cheap password hashes are refused in production")
    func scryptCost() throws {
        #expect(throws: SettingsError.self) { try load(["SCRYPT_LOG_N": "16"]) }
        #expect(try load(["SCRYPT_LOG_N": "4", "NODE_ENV": "test"]).accounts.scryptLogN == 4)
    }

    @Test(
        "What belongs together is refused alone",
        arguments: [
            ["ADMIN_USERNAME": "admin"], ["ADMIN_PASSWORD": "long enough"], ["TLS_CERT_FILE": "/etc/hostname"],
            ["TLS_KEY_FILE": "/etc/hostname"], ["REDIS_URL": "redis://somebody@b"],
        ]
    )
    func together(variables: [String: String]) {
        #expect(throws: SettingsError.self) { try load(variables) }
    }

    @Test("Limits and ports that may be left out are nil then, and checked where they aren't")
    func leftOut() throws {
        #expect(try load().connections.maximum == nil)
        #expect(try load().metrics.port == nil)
        #expect(try load(["MAX_CONNECTIONS": "5", "METRICS_PORT": "0"]).connections.maximum == 5)
        for variables in [["MAX_CONNECTIONS": "0"], ["METRICS_PORT": "65536"], ["METRICS_PORT": "-1"]] {
            #expect(throws: SettingsError.self) { try load(variables) }
        }
    }

    @Test("Routing is broadcast unless it is set, and both ways are served")
    func routing() throws {
        #expect(try load().bus.routing == .broadcast)
        let environment = ["JWT_SECRET": Self.secret, "BUS_ROUTING": "targeted"]
        #expect(try Settings.load(environment: environment, directory: "/nowhere").bus.routing == .targeted)
    }
}
