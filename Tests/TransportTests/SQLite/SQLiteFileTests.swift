import Actors
import TestSupport
import Testing
import Transport

@Suite("A SQLite file keeps what was acknowledged, and says what is wrong with it")
struct SQLiteFileTests {
    private let fixture = Fixture()

    private func open(_ path: String) async -> Result<SQLiteStore, StoreError> {
        do throws(StoreError) {
            return .success(try await SQLiteStore.open(path: path))
        } catch {
            return .failure(error)
        }
    }

    private func openFailure(_ path: String) async throws -> StoreError {
        switch await open(path) {
        case .failure(let error):
            return error
        case .success(let store):
            await store.close()
            throw StoreError(.other, "it opened")
        }
    }

    /// A closed file with one user and `count` messages in a conversation of their own.
    private func fill(_ path: String, count: Int = 3) async throws -> (user: User, conversation: ConversationID) {
        let store = try await SQLiteStore.open(path: path)
        let alice = fixture.user("Alice")
        let conversation = ConversationID.direct(UserPair(alice.userID, alice.userID))
        try await store.createUser(alice, passwordHash: "hash")
        _ = try await store.append((0..<count).map { fixture.draft(from: alice, "text \($0)") }, to: conversation)
        await store.close()
        return (alice, conversation)
    }

    @Test
    func `the directory is made, and a restart finds everything`() async throws {
        try await StoreDirectory.with { directory in
            let path = directory.path("a/b c%20/store.db")
            let (alice, conversation) = try await fill(path)
            for _ in 0..<3 {
                let store = try await SQLiteStore.open(path: path)
                #expect(try await store.user(alice.userID) == alice)
                let page = try await store.messages(in: conversation, before: nil, after: nil, limit: 9)
                #expect(page.messages.map(\.content) == ["text 0", "text 1", "text 2"])
                await store.close()
            }
        }
    }

    @Test
    func `eight that open one new file at once all succeed and share it`() async throws {
        try await StoreDirectory.with { directory in
            let path = directory.path("store.db")
            let stores = try await withThrowingTaskGroup(of: SQLiteStore.self) { group in
                for _ in 0..<8 { group.addTask { try await SQLiteStore.open(path: path) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let alice = fixture.user()
            let conversation = ConversationID.direct(UserPair(alice.userID, alice.userID))
            for store in stores { _ = try await store.append([fixture.draft(from: alice)], to: conversation) }
            for store in stores {
                #expect(try await store.messages(in: conversation, before: nil, after: nil, limit: 20).messages.count == 8)
                await store.close()
            }
        }
    }

    @Test
    func `what was acknowledged is in the files at that moment, as a killed process leaves them`() async throws {
        try await StoreDirectory.with { directory in
            let store = try await SQLiteStore.open(path: directory.path("live.db"))
            let alice = fixture.user()
            let conversation = ConversationID.direct(UserPair(alice.userID, alice.userID))
            for count in 1...5 {
                _ = try await store.append([fixture.draft(from: alice)], to: conversation)
                try directory.copy("live.db", to: "copy\(count).db")
                try directory.copy("live.db-wal", to: "copy\(count).db-wal")
            }
            for count in 1...5 {
                let copy = try await SQLiteStore.open(path: directory.path("copy\(count).db"))
                #expect(try await copy.messages(in: conversation, before: nil, after: nil, limit: 9).messages.count == count)
                await copy.close()
            }
            await store.close()
        }
    }

    @Test
    func `a file that is no database is refused by name and left as it is`() async throws {
        try await StoreDirectory.with { directory in
            let noise = Array("this is a letter, not a database; it only has to be longer than a header. ".utf8)
            let text = Array(repeating: noise, count: 100).flatMap { $0 }
            try directory.write(text, to: "store.db")
            let error = try await openFailure(directory.path("store.db"))
            #expect(error.code == .other)
            #expect(error.detail.contains(directory.path("store.db")))
            #expect(error.detail.contains("damaged or no SQLite database"))
            #expect(!error.description.contains("store.db"))
            #expect(try directory.read("store.db") == text)
        }
    }

    @Test
    func `a damaged file is an error and never an empty answer`() async throws {
        try await StoreDirectory.with { directory in
            let path = directory.path("store.db")
            let (alice, conversation) = try await fill(path, count: 500)
            var bytes = try directory.read("store.db")
            for index in 4_096..<bytes.count { bytes[index] = 0xA5 }
            try directory.write(bytes, to: "store.db")
            switch await open(path) {
            case .failure(let error):
                #expect(error.code == .other)
            case .success(let store):
                let failure = await #expect(throws: StoreError.self) {
                    _ = try await store.messages(in: conversation, before: nil, after: nil, limit: 600)
                }
                #expect(failure?.code == .other)
                await #expect(throws: StoreError.self) { try await store.append([fixture.draft(from: alice)], to: conversation) }
                await store.close()
            }
        }
    }

    @Test
    func `a file of a later version is refused`() async throws {
        try await StoreDirectory.with { directory in
            _ = try await fill(directory.path("store.db"))
            var bytes = try directory.read("store.db")
            // `user_version` in the database header (https://www.sqlite.org/fileformat.html, section 1.3).
            bytes[60..<64] = [0, 0, 0, 99]
            try directory.write(bytes, to: "store.db")
            let error = try await openFailure(directory.path("store.db"))
            #expect(error.detail.contains("schema 99"))
        }
    }

    @Test
    func `a place where no file can be made is named`() async throws {
        try await StoreDirectory.with { directory in
            try directory.write([1], to: "file")
            let below = try await openFailure(directory.path("file/store.db"))
            #expect(below.code == .unavailable)
            #expect(below.detail.contains("file/store.db"))
            let isDirectory = try await openFailure(directory.path(""))
            #expect(isDirectory.code == .unavailable)
            #expect(try await openFailure("/proc/none/store.db").code == .unavailable)
        }
    }

    @Test
    func `a closed store refuses and hangs nobody`() async throws {
        try await StoreDirectory.with { directory in
            let store = try await SQLiteStore.open(path: directory.path("store.db"))
            await store.close()
            await store.close()
            let write = await #expect(throws: StoreError.self) { try await store.selfTest() }
            #expect(write?.code == .unavailable)
            let read = await #expect(throws: StoreError.self) { try await store.ping() }
            #expect(read?.code == .unavailable)
        }
    }
}
