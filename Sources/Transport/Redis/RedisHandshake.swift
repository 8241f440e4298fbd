/// What a new connection says first, and what Redis may answer to it.
struct RedisHandshake: Sendable {
    struct Step: Sendable {
        let name: String
        let command: RedisCommand
        /// False for what a proxy or an access list may refuse without harm.
        let isRequired: Bool
    }

    let steps: [Step]

    /// - Parameter admitsReplica: whether the server needn't be a primary.
    init(_ configuration: RedisConfiguration, name: String, admitsReplica: Bool = false) {
        var steps: [Step] = []
        if let password = configuration.password {
            let credentials = [configuration.username, password].compactMap { $0.map { Array($0.utf8) } }
            steps.append(Step(name: "AUTH", command: RedisCommand([Array("AUTH".utf8)] + credentials), isRequired: true))
        }
        if configuration.database != 0 {
            steps.append(Step(name: "SELECT", command: RedisCommand("SELECT", String(configuration.database)), isRequired: true))
        }
        let visible = String(decoding: name.utf8.map { (0x21...0x7E).contains($0) ? $0 : UInt8(ascii: "-") }, as: UTF8.self)
        steps.append(Step(name: "CLIENT", command: RedisCommand("CLIENT", "SETNAME", visible), isRequired: false))
        // A replica takes hints and passes them on to nobody.
        if !admitsReplica { steps.append(Step(name: "ROLE", command: RedisCommand("ROLE"), isRequired: false)) }
        self.steps = steps
    }

    /// - Throws: `RedisError` where the answer means that the connection is of no use.
    func check(_ reply: RedisReply, of step: Step) throws(RedisError) {
        if case .array(let parts) = reply, step.name == "ROLE", parts.first?.text == "slave" { throw .replica }
        guard let code = reply.errorCode else { return }
        switch code {
        case "WRONGPASS":
            throw RedisError(.authentication, "Redis refused the user name or the password (WRONGPASS)")
        case "NOAUTH":
            throw RedisError(.authentication, "Redis wants a password (NOAUTH)")
        case "DENIED":
            throw RedisError(.refused, "Redis is in protected mode and takes no connections from this host (DENIED)")
        case _ where step.isRequired:
            throw RedisError(step.name == "AUTH" ? .authentication : .refused, "Redis refused \(step.name) (\(code))")
        default:
            return
        }
    }
}
