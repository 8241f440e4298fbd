import Testing

@testable import Transport

@Suite("scrypt derives what RFC 7914 says")
struct ScryptTests {
    struct Vector: Sendable {
        let password: String
        let salt: String
        let log2N: Int
        let blockSize: Int
        let parallelism: Int
        let key: String
    }

    /// RFC 7914, section 12; its fourth vector takes 1 GiB.
    static let vectors = [
        Vector(
            password: "",
            salt: "",
            log2N: 4,
            blockSize: 1,
            parallelism: 1,
            key:
                "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
        ),
        Vector(
            password: "password",
            salt: "NaCl",
            log2N: 10,
            blockSize: 8,
            parallelism: 16,
            key:
                "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
        ),
        Vector(
            password: "pleaseletmein",
            salt: "SodiumChloride",
            log2N: 14,
            blockSize: 8,
            parallelism: 1,
            key:
                "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
        ),
    ]

    @Test(arguments: vectors)
    func `the vectors of the RFC`(vector: Vector) throws {
        let cost = try #require(
            Scrypt.Cost(log2N: vector.log2N, blockSize: vector.blockSize, parallelism: vector.parallelism)
        )
        let key = Scrypt.deriveKey(password: Array(vector.password.utf8), salt: Array(vector.salt.utf8), cost: cost, count: 64)
        #expect(key.map(hex) == vector.key)
        let short = Scrypt.deriveKey(password: Array(vector.password.utf8), salt: Array(vector.salt.utf8), cost: cost)
        #expect(short.map(hex) == String(vector.key.prefix(64)))
    }

    @Test
    func `the default cost fits into the memory that it is allowed`() {
        let cost = Scrypt.Cost(clampingLog2N: 17)
        #expect(Scrypt.deriveKey(password: [1], salt: [2], cost: cost)?.count == 32)
    }

    @Test(arguments: [(0, 8, 1), (21, 8, 1), (20, 9, 1), (17, 0, 1), (17, 33, 1), (10, 8, 0), (10, 8, 17), (-1, -1, -1), (63, 1, 1)])
    func `a cost that could take the machine down is refused`(log2N: Int, blockSize: Int, parallelism: Int) {
        #expect(Scrypt.Cost(log2N: log2N, blockSize: blockSize, parallelism: parallelism) == nil)
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.utf8.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
