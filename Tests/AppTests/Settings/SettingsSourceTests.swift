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

    private func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }
}
