extension RedisCommand {
    /// What decides which server of a cluster the command is for: its first key, or its sharded channel; nil where any server will do.
    package var key: [UInt8]? {
        guard let name = arguments.first else { return nil }
        switch String(decoding: name, as: UTF8.self).uppercased() {
        case "EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO":
            guard arguments.count > 3, arguments[2] != Array("0".utf8) else { return nil }
            return arguments[3]
        case "PUBLISH", "PING", "ECHO", "CLUSTER", "CLIENT", "CONFIG", "INFO", "ROLE", "SCRIPT", "FUNCTION", "PUBSUB", "TIME", "SCAN",
            "ASKING", "SUBSCRIBE", "PSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE":
            return nil
        default:
            return arguments.count > 1 ? arguments[1] : nil
        }
    }
}
