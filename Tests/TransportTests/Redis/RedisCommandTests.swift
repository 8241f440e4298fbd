import NIOCore
import Testing
import Transport

@Suite("Commands are written as arrays of strings with their lengths")
struct RedisCommandTests {
    @Test(arguments: [
        (RedisCommand("PING"), "*1\r\n$4\r\nPING\r\n"),
        (RedisCommand("SET", "ключ", "a\r\nb"), "*3\r\n$3\r\nSET\r\n$8\r\nключ\r\n$4\r\na\r\nb\r\n"),
        (RedisCommand("ECHO", ""), "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n"),
    ])
    func encodes(command: RedisCommand, expected: String) {
        var buffer = ByteBuffer()
        command.encode(into: &buffer)
        #expect(Array(buffer.readableBytesView) == Array(expected.utf8))
    }
}
