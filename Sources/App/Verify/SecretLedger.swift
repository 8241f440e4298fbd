import Synchronization

/// What must not be found in a log: the contents, tokens and passwords that a run has used.
final class SecretLedger: Sendable {
    private let secrets = Mutex<[(text: String, name: String)]>([])

    var count: Int { secrets.withLock { $0.count } }

    func add(_ text: String, as name: String) {
        secrets.withLock { $0.append((text, name)) }
    }

    /// What kind of secret a line holds; nil for none.
    func name(ofSecretIn line: String) -> String? {
        secrets.withLock { $0.first { line.contains($0.text) }?.name }
    }
}
