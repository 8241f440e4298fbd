import Actors

/// Why an operation failed, in the terms that decide what to do next.
struct MongoFailure: Error, Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        /// A unique index has the key already.
        case duplicateKey(MongoIndex?)
        /// The server refused since it is no primary now: nothing was done.
        case notPrimary
        /// No server could be asked: nothing was sent.
        case unreachable
        /// The server is going away or changes its role: what was sent may have been done.
        case changingRole
        /// The connection broke: what was sent may have been done.
        case unknownOutcome
        /// Done on the primary, not known to be safe.
        case notYetDurable
        case timeout
        case overloaded
        case other
    }

    let kind: Kind
    /// For the log alone; holds no data of users.
    let detail: String

    init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }

    /// What went wrong around a command: a failure itself, or what couldn't be read of a reply.
    init(wrapping error: any Error) {
        switch error {
        case let failure as MongoFailure: self = failure
        case let error as StoreError: self.init(.other, error.detail)
        default: self.init(.other, "\(type(of: error))")
        }
    }

    /// Whether the same may be tried again at once: a server is there, or will be in a moment.
    var isWorthRepeating: Bool {
        switch kind {
        case .notPrimary, .changingRole, .unknownOutcome, .notYetDurable: true
        case .duplicateKey, .unreachable, .timeout, .overloaded, .other: false
        }
    }

    /// The port's word for it.
    var storeError: StoreError {
        switch kind {
        case .duplicateKey: StoreError(.duplicateKey, detail)
        case .notPrimary, .changingRole, .unreachable, .unknownOutcome: StoreError(.unavailable, detail)
        case .notYetDurable, .timeout: StoreError(.timeout, detail)
        case .overloaded: StoreError(.overloaded, detail)
        case .other: StoreError(.other, detail)
        }
    }
}

extension MongoFailure {
    /// What a server's error code means (https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml).
    ///
    /// - Parameters:
    ///   - message: the server's; of it only what holds no value of a document is kept.
    ///   - index: the unique index that was hit, where the code is that of a duplicate key.
    init(serverCode code: Int64, message: String, index: MongoIndex? = nil) {
        switch code {
        case 11_000, 11_001, 12_582:
            let index = index ?? MongoIndex(inMessage: message)
            self.init(.duplicateKey(index), "server error \(code): duplicate key in \(index?.rawValue ?? "some index")")
        case 10_107, 13_435, 10_058:
            self.init(.notPrimary, "server error \(code): not primary")
        case 6, 7, 89, 91, 189, 262, 9_001, 11_600, 11_602, 13_436:
            self.init(.changingRole, "server error \(code): the server is going away or changes its role")
        case 64, 79, 100:
            self.init(.notYetDurable, "server error \(code): the write concern is not fulfilled")
        case 50, 24, 202, 290:
            self.init(.timeout, "server error \(code): it took too long")
        default:
            self.init(.other, "server error \(code): \(Self.withoutValues(message))")
        }
    }

    /// Messages of the server quote values, in quotation marks or braces: they go.
    static func withoutValues(_ message: String) -> String {
        var kept = ""
        var closing: Character?
        for character in message.prefix(500) {
            if let mark = closing {
                if character == mark { closing = nil }
                continue
            }
            switch character {
            case "\"", "'", "`": closing = character
            case "{":
                kept += "{…}"
                return kept
            default: kept.append(character)
            }
            if closing != nil { kept += "…" }
        }
        return kept
    }
}
