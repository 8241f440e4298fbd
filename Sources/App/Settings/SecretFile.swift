import FoundationEssentials
import Glibc

/// A secret that the server has made for itself, in a file that only its owner can read.
struct SecretFile {
    let path: String

    /// What the file holds; made of 32 random bytes where it doesn't exist yet. Two processes that come at once get the same.
    ///
    /// - Returns: the secret, and whether this call made it.
    func readOrCreate() throws(SettingsError) -> (secret: Secret, isNew: Bool) {
        if let secret = try read() { return (secret, false) }
        let made = SystemRandomNumberGenerator.hexadecimal(bytes: 32)
        guard try create(made) else {
            guard let secret = try read() else { throw SettingsError("\(path) can't be made") }
            return (secret, false)
        }
        return (Secret(made), true)
    }

    private func read() throws(SettingsError) -> Secret? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw SettingsError("\(path) can't be read: set JWT_SECRET, or make the file readable")
        }
        let secret = text.filter { !$0.isNewline }
        guard secret.utf8.count >= 32 else {
            throw SettingsError("\(path) must hold at least 32 bytes: set JWT_SECRET, or remove the file to have it made again")
        }
        return Secret(secret)
    }

    /// Writes the file whole or not at all: a link is made to it only when it is on disk.
    ///
    /// - Returns: false where somebody else was first.
    private func create(_ text: String) throws(SettingsError) -> Bool {
        let failure = SettingsError("\(path) can't be written: set JWT_SECRET, or make its directory writable")
        let directory = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        if !directory.isEmpty {
            do {
                try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            } catch {
                throw failure
            }
        }
        let draft = "\(path).\(SystemRandomNumberGenerator.hexadecimal(bytes: 4)).new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure }
        defer { unlink(draft) }
        let bytes = Array("\(text)\n".utf8)
        let written = Glibc.write(descriptor, bytes, bytes.count)
        let isSynced = fsync(descriptor) == 0
        close(descriptor)
        guard written == bytes.count, isSynced else { throw failure }
        if link(draft, path) == 0 { return true }
        guard errno == EEXIST else { throw failure }
        return false
    }
}

extension SystemRandomNumberGenerator {
    /// So many random bytes as twice as many hexadecimal digits.
    static func hexadecimal(bytes count: Int) -> String {
        let digits = Array("0123456789abcdef")
        var generator = SystemRandomNumberGenerator()
        return String((0..<count * 2).map { _ in digits[Int(generator.next() & 15)] })
    }
}
