import Glibc

/// Holds WebSockets that do nothing, on plain sockets and one thread: nothing is kept of a connection but its descriptor, so that the load
/// client takes as little as it can of the processor that it shares with the server.
struct ConnectionHolder {
    /// From one address there are not many more ports to one port of another: the next so many connect to 127.0.0.2 and so on.
    static let connectionsPerAddress = 25_000
    private static let welcome = Array(#"{"type":"WELCOME""#.utf8)
    private static let accepted = Array("HTTP/1.1 101 ".utf8)
    /// Masked, as a client's frames are, with a mask of zeros.
    private static let pong: [UInt8] = [0x8A, 0x80, 0, 0, 0, 0]
    private static let patience: Int32 = 30_000

    private let port: UInt16
    private var opening: [pollfd] = []
    private var held: [Int32] = []

    init(port: UInt16) {
        self.port = port
    }

    /// Opens a connection with each token and returns when all are welcomed.
    ///
    /// - Parameter atOnce: how many are being opened at the same time.
    mutating func connect(_ tokens: [String], atOnce: Int) throws {
        var rest = tokens[...]
        while held.count < tokens.count {
            while opening.count < atOnce, let token = rest.popFirst() { try open(token) }
            guard poll(&opening, nfds_t(opening.count), Self.patience) > 0 else {
                throw BenchFailure("no WELCOME within \(Self.patience / 1_000) s")
            }
            for place in opening.indices.reversed() where opening[place].revents != 0 {
                let descriptor = opening[place].fd
                guard try isWelcomed(descriptor) else { continue }
                opening.remove(at: place)
                held.append(descriptor)
            }
        }
    }

    /// Answers pings until the process is ended or the server closes a connection.
    func hold() throws -> Never {
        while true {
            sleep(5)
            for descriptor in held where try received(from: descriptor, { _ in true }) == true {
                try write(Self.pong, to: descriptor)
            }
        }
    }

    private mutating func open(_ token: String) throws {
        let number = held.count + opening.count + 1
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw BenchFailure("connection \(number): socket: errno \(errno)") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = (0x7F00_0001 + UInt32((number - 1) / Self.connectionsPerAddress)).bigEndian
        let failure = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                Glibc.connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard failure == 0 else { throw BenchFailure("connection \(number): connect: errno \(errno)") }
        try write(Self.request(token, port: port), to: descriptor)
        opening.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
    }

    /// Whether the last that came was `WELCOME`.
    private func isWelcomed(_ descriptor: Int32) throws -> Bool {
        try received(from: descriptor) { bytes in
            // The answer to the request comes in one piece, and the frame after it in one piece too, with it or by itself.
            if bytes.first == UInt8(ascii: "H"), !bytes.starts(with: Self.accepted) {
                throw BenchFailure("refused: \(String(decoding: bytes.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self))")
            }
            return bytes.indices.contains { bytes[$0...].starts(with: Self.welcome) }
        } ?? false
    }

    /// What `body` makes of the bytes that are there; nil where there are none.
    private func received<Value>(from descriptor: Int32, _ body: (Slice<UnsafeMutableRawBufferPointer>) throws -> Value) throws -> Value? {
        try withUnsafeTemporaryAllocation(byteCount: 4_096, alignment: 1) { buffer in
            let count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            if count < 0, errno == EAGAIN || errno == EINTR { return nil }
            guard count > 0 else { throw BenchFailure("the server closed a connection of \(held.count + opening.count)") }
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
