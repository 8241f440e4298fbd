import Glibc

/// Holds WebSockets that do nothing, on plain sockets and one thread: nothing is kept of a connection but its descriptor, so that the load
/// client takes as little as it can of the processor that it shares with the server.
struct ConnectionHolder {
    /// Each address has 28,000 ports at most, and the fewer are left the longer the system looks for one: so many come from 127.0.0.2, as many
    /// from the next, and so on.
    private static let connectionsPerAddress = 5_000
    private static let welcome = Array(#"{"type":"WELCOME""#.utf8)
    private static let accepted = Array("HTTP/1.1 101 ".utf8)
    /// Masked, as a client's frames are, with a mask of zeros.
    private static let pong: [UInt8] = [0x8A, 0x80, 0, 0, 0, 0]
    /// In seconds.
    private static let patience = 30

    private let port: UInt16
    private var descriptors: [Int32] = []

    init(port: UInt16) {
        self.port = port
    }

    /// Opens a connection with each token and returns when all are welcomed.
    ///
    /// - Parameter atOnce: how many are being opened at the same time; the eldest is waited for, by when the next ones are done too.
    mutating func connect(_ tokens: [String], atOnce: Int) throws {
        for number in tokens.indices {
            while descriptors.count < min(tokens.count, number + atOnce) {
                descriptors.append(try open(descriptors.count, token: tokens[descriptors.count]))
            }
            try awaitWelcome(descriptors[number])
        }
    }

    /// Answers pings until the process is ended or the server closes a connection.
    func hold() throws -> Never {
        while true {
            sleep(5)
            for descriptor in descriptors where try received(from: descriptor, Int32(MSG_DONTWAIT), { _ in true }) == true {
                try write(Self.pong, to: descriptor)
            }
        }
    }

    private func open(_ number: Int, token: String) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw BenchFailure("connection \(number): socket: errno \(errno)") }
        var patience = timeval(tv_sec: Self.patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var choosesPortLate: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, &choosesPortLate, socklen_t(MemoryLayout<Int32>.size))
        let source = 2 + UInt32(number / Self.connectionsPerAddress)
        guard Self.address(source, port: 0, { Glibc.bind(descriptor, $0, $1) }) == 0 else {
            throw BenchFailure("connection \(number): bind: errno \(errno)")
        }
        guard Self.address(1, port: port, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
            throw BenchFailure("connection \(number): connect: errno \(errno)")
        }
        try write(Self.request(token, port: port), to: descriptor)
        return descriptor
    }

    /// Hands `body` the address 127.0.0.`host`.
    private static func address(_ host: UInt32, port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = (0x7F00_0000 + host).bigEndian
        return withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }

    private func awaitWelcome(_ descriptor: Int32) throws {
        // The answer to the request comes in one piece, and the frame after it in one piece too, with it or by itself.
        while true {
            let isWelcome = try received(from: descriptor, 0) { bytes in
                if bytes.first == UInt8(ascii: "H"), !bytes.starts(with: Self.accepted) {
                    throw BenchFailure("refused: \(String(decoding: bytes.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self))")
                }
                return bytes.indices.contains { bytes[$0...].starts(with: Self.welcome) }
            }
            guard let isWelcome else { throw BenchFailure("no WELCOME within \(Self.patience) s") }
            if isWelcome { return }
        }
    }

    /// What `body` makes of the bytes that came; nil where none did.
    private func received<Value>(
        from descriptor: Int32,
        _ flags: Int32,
        _ body: (Slice<UnsafeMutableRawBufferPointer>) throws -> Value
    ) throws -> Value? {
        try withUnsafeTemporaryAllocation(byteCount: 4_096, alignment: 1) { buffer in
            let count = recv(descriptor, buffer.baseAddress, buffer.count, flags)
            if count < 0, errno == EAGAIN || errno == EINTR { return nil }
            guard count > 0 else { throw BenchFailure("the server closed a connection of \(descriptors.count)") }
            return try body(buffer[..<count])
        }
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) throws {
        guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw BenchFailure("send: errno \(errno)")
        }
    }

    private static func request(_ token: String, port: UInt16) -> [UInt8] {
        let lines = [
            "GET /ws HTTP/1.1", "Host: 127.0.0.1:\(port)", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", "Authorization: Bearer \(token)",
        ]
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }
}
