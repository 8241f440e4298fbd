import FoundationEssentials
import LocalCluster
import TestSupport
import Testing

@testable import App

@Suite("Settings come from the environment, then from a file")
struct SettingsSourceTests {
    @Test("Lines of NAME=value, comments, quotes and export are understood")
    func file() throws {
        let text = "# ports\r\nPORT = 9000\n\nexport HOST=\"0.0.0.0\"\nCOOKIE_DOMAIN='a.example'\nJWT_SECRET=a=b\n"
        let file = try EnvironmentFile(text, path: "chat.env")
        #expect(file.variables == ["PORT": "9000", "HOST": "0.0.0.0", "COOKIE_DOMAIN": "a.example", "JWT_SECRET": "a=b"])
    }

    @Test("Any other line is refused by its number", arguments: ["PORT", "=1", "1A=2", "A B=3"])
    func badLine(line: String) throws {
        let error = try #require(throws: SettingsError.self) { try EnvironmentFile("A=1\n\(line)\n", path: "chat.env") }
        #expect(error.description == "chat.env, line 2: must be NAME=value")
    }

    @Test("The environment wins over the file, and a file that was asked for over .env")
    func precedence() throws {
        let directory = try TemporaryDirectory()
        try write("PORT=1\nHOST=one.example", to: directory.path(of: ".env"))
        try write("PORT=2\nHOST=two.example", to: directory.path(of: "two.env"))
        let environment = ["PORT": "3", "JWT_SECRET": "0123456789abcdef0123456789abcdef"]
        let implicit = try Settings.load(environment: environment, directory: directory.path)
        #expect(implicit.http.port == 3)
        #expect(implicit.http.host == "one.example")
        let asked = try Settings.load(configFile: directory.path(of: "two.env"), environment: environment, directory: directory.path)
        #expect(asked.http.host == "two.example")
    }

    @Test("A file that was asked for must be there; .env need not be")
    func missingFile() throws {
        let directory = try TemporaryDirectory()
        let environment = ["JWT_SECRET": "0123456789abcdef0123456789abcdef"]
        #expect(try Settings.load(environment: environment, directory: directory.path).http.port == 8000)
        let path = directory.path(of: "none.env")
        let error = try #require(throws: SettingsError.self) {
            try Settings.load(configFile: path, environment: environment, directory: directory.path)
        }
        #expect(error.description.hasPrefix("\(path) can't be read"))
    }

    @Test("What may hold a secret can be in a file, which counts where the variable is not set")
    func secretFiles() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path(of: "secret")
        try write("0123456789abcdef0123456789abcdef\r\n\n", to: path)
        let inFile = try Settings.load(environment: ["JWT_SECRET_FILE": path], directory: directory.path)
        #expect(inFile.accounts.tokenSecret.value == "0123456789abcdef0123456789abcdef")
        let both = ["JWT_SECRET_FILE": path, "JWT_SECRET": "another secret of at least 32 bytes"]
        #expect(try Settings.load(environment: both, directory: directory.path).accounts.tokenSecret.value == both["JWT_SECRET"])
        // An open setting has no file.
        let port = try Settings.load(environment: ["JWT_SECRET_FILE": path, "PORT_FILE": path], directory: directory.path).http.port
        #expect(port == 8000)
    }

    @Test("A secret's file that is not there, empty or too short is refused without showing what is in it")
    func badSecretFiles() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path(of: "secret")
        let load = { try Settings.load(environment: ["JWT_SECRET_FILE": path], directory: directory.path) }
        let missing = try #require(throws: SettingsError.self) { try load() }
        #expect(missing.description == "JWT_SECRET_FILE must be a file that can be read")
        try write("\n", to: path)
        let empty = try #require(throws: SettingsError.self) { try load() }
        #expect(empty.description == "JWT_SECRET_FILE must be a file with something in it")
        try write("hunter2", to: path)
        let short = try #require(throws: SettingsError.self) { try load() }
        #expect(!short.description.contains("hunter2"))
    }

    private func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }
}
