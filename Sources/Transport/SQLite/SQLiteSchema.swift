import GRDB

/// The tables, built by numbered steps; the number of the last one done is the file's `user_version`.
///
/// All missing steps and the version go into one immediate transaction, so that of two processes that open a new file at the
/// same moment one builds it and the other finds it built. (A migrator with a transaction a step can't promise that.)
///
/// Ids are 16-byte blobs: half the size of their text in every index, and in the same order. A conversation has a number of
/// its own here, since its name of up to 76 characters would stand in every row of three indexes. Text that comes from people
/// has no column type: see `StoredText`.
enum SQLiteSchema {
    static let steps: [String] = [version1, version2, version3]

    static func migrate(_ db: Database) throws {
        try db.inTransaction(.immediate) {
            let done = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
            guard done <= steps.count else { throw SQLiteOpenError.newerSchema(done) }
            guard done < steps.count else { return .commit }
            for step in steps[done...] { try db.execute(sql: step) }
            try db.execute(sql: "PRAGMA user_version = \(steps.count)")
            return .commit
        }
    }

    private static let version1 = """
        CREATE TABLE counter (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            stamp INTEGER NOT NULL
        );
        INSERT INTO counter (id, stamp) VALUES (1, 0);

        CREATE TABLE users (
            user_id BLOB NOT NULL PRIMARY KEY,
            username NOT NULL,
            folded BLOB NOT NULL UNIQUE, -- lower case in UTF-8: log-in, and search by prefix as a range
            password_hash NOT NULL,
            role TEXT NOT NULL,
            avatar,
            is_suspended INTEGER NOT NULL DEFAULT 0,
            auth_epoch INTEGER NOT NULL DEFAULT 0,
            kick_stamp INTEGER,
            created_at INTEGER NOT NULL
        ) WITHOUT ROWID;
        -- Reconciler: whose sessions were ended since a stamp?
        CREATE INDEX users_kick ON users (kick_stamp) WHERE kick_stamp IS NOT NULL;

        CREATE TABLE sessions (
            session_id BLOB NOT NULL PRIMARY KEY,
            user_id BLOB NOT NULL,
            auth_epoch INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            last_seen INTEGER NOT NULL,
            user_agent,
            address,
            is_revoked INTEGER NOT NULL DEFAULT 0,
            kick_stamp INTEGER
        ) WITHOUT ROWID;
        -- A user's sessions, newest first.
        CREATE INDEX sessions_user ON sessions (user_id, created_at);
        -- Reconciler: which sessions were ended one by one since a stamp?
        CREATE INDEX sessions_kick ON sessions (kick_stamp) WHERE kick_stamp IS NOT NULL;

        CREATE TABLE conversations (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            last_seq INTEGER NOT NULL DEFAULT 0,
            last_message_stamp INTEGER NOT NULL, -- of its making while it has no message: the order of a user's list
            stamp INTEGER NOT NULL
        );
        -- Reconciler: which conversations changed since a stamp? Paged by (stamp, id).
        CREATE INDEX conversations_stamp ON conversations (stamp);

        CREATE TABLE channels (
            conversation INTEGER PRIMARY KEY,
            title NOT NULL,
            created_by BLOB,
            created_at INTEGER NOT NULL
        );

        CREATE TABLE memberships (
            user_id BLOB NOT NULL,
            conversation INTEGER NOT NULL,
            other_user_id BLOB, -- in a direct conversation: whose name is its title
            read_seq INTEGER NOT NULL DEFAULT 0,
            left_stamp INTEGER, -- a tombstone: who left stays known as having left
            stamp INTEGER NOT NULL,
            PRIMARY KEY (user_id, conversation)
        ) WITHOUT ROWID;
        -- A channel's members.
        CREATE INDEX memberships_conversation ON memberships (conversation);
        -- Reconciler: who joined, left or read since a stamp?
        CREATE INDEX memberships_stamp ON memberships (stamp);

        CREATE TABLE messages (
            stamp INTEGER PRIMARY KEY, -- messages lie in the order of their commits
            conversation INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            message_id BLOB NOT NULL UNIQUE, -- edit, delete, reaction
            sender_id BLOB NOT NULL,
            sender_name NOT NULL,
            content NOT NULL,
            client_message_id TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            updated_stamp INTEGER NOT NULL,
            rev INTEGER NOT NULL DEFAULT 0
        );
        -- History, and what SYNC and the reconciler fetch: stamps ascend with seq in one conversation.
        CREATE UNIQUE INDEX messages_seq ON messages (conversation, seq);
        -- Idempotency.
        CREATE UNIQUE INDEX messages_client ON messages (sender_id, client_message_id);
        -- SYNC and reconciler: what was edited, deleted or reacted to since a stamp? Costs an insert nothing.
        CREATE INDEX messages_updated ON messages (conversation, updated_stamp) WHERE rev > 0;

        CREATE TABLE audit (
            entry_id BLOB NOT NULL PRIMARY KEY,
            action TEXT NOT NULL,
            admin_id BLOB,
            target_user_id BLOB NOT NULL,
            target_session_id BLOB,
            reason,
            created_at INTEGER NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE self_test (token BLOB NOT NULL PRIMARY KEY) WITHOUT ROWID;
        """

    private static let version2 = """
        ALTER TABLE messages ADD COLUMN edited_at INTEGER;
        ALTER TABLE messages ADD COLUMN deleted_at INTEGER;
        ALTER TABLE messages ADD COLUMN reactions TEXT; -- JSON; null while there are none
        ALTER TABLE messages ADD COLUMN original_digest BLOB; -- of what was sent, from the first edit or deletion on: idempotency

        ALTER TABLE memberships ADD COLUMN joined_seq INTEGER NOT NULL DEFAULT 0; -- the channel's last number when it was joined
        DROP INDEX memberships_conversation;
        -- A channel's members in the order of their ids, and how many there are.
        CREATE INDEX memberships_members ON memberships (conversation, user_id) WHERE left_stamp IS NULL;
        """

    private static let version3 = """
        CREATE TABLE activity (
            minute INTEGER NOT NULL, -- since 1970
            instance TEXT NOT NULL,
            users INTEGER NOT NULL,
            connections INTEGER NOT NULL,
            messages INTEGER NOT NULL,
            one_connection INTEGER NOT NULL,
            two_connections INTEGER NOT NULL,
            three_connections INTEGER NOT NULL,
            more_connections INTEGER NOT NULL,
            within_minute INTEGER NOT NULL,
            within_ten_minutes INTEGER NOT NULL,
            within_hour INTEGER NOT NULL,
            within_eight_hours INTEGER NOT NULL,
            later INTEGER NOT NULL,
            PRIMARY KEY (minute, instance)
        ) WITHOUT ROWID;
        """
}
