package import Actors

/// Ids and values for tests that don't care which.
package final class Fixture: Sendable {
    package let time = ManualTime()
    private let ids: UUIDv7Generator
    private let names = Locked(0)

    package init(seed: UInt64 = 1) {
        ids = UUIDv7Generator(time: time, random: SeededGenerator(seed: seed))
    }

    package func id<Entity>(_ type: Identifier<Entity>.Type = Identifier<Entity>.self) -> Identifier<Entity> {
        ids.next(type)
    }

    /// A user of a name that this fixture hasn't given before, where none is said.
    package func user(_ name: String? = nil, role: Role = .user) -> User {
        let number = names.withLock { number in
            number += 1
            return number
        }
        return User(userID: id(), username: name ?? "user-\(number)", role: role, createdAt: time.now())
    }

    /// A session of an hour, in the epoch that `user` has.
    package func session(of user: User, lasting duration: Duration = .seconds(3_600)) -> Session {
        Session(
            sessionID: id(),
            userID: user.userID,
            authEpoch: user.authEpoch,
            createdAt: time.now(),
            expiresAt: time.now().advanced(by: duration),
            lastSeen: time.now(),
            userAgent: nil,
            address: nil
        )
    }

    /// A channel; its name is its title where none is said.
    package func channel(_ name: ChannelName, _ title: String? = nil, by user: User) -> ChatChannel {
        ChatChannel(name: name, title: title ?? name.description, createdBy: user.userID, createdAt: time.now())
    }

    /// A draft; its `clientMessageId` is its message's id where none is said.
    package func draft(from user: User, _ content: String = "hello", clientMessageID: ClientMessageID? = nil) -> MessageDraft {
        let messageID = id(MessageID.self)
        guard let clientMessageID = clientMessageID ?? ClientMessageID(messageID.description) else {
            preconditionFailure("an id is 36 printable characters")
        }
        return MessageDraft(
            messageID: messageID,
            senderID: user.userID,
            senderName: user.username,
            content: content,
            clientMessageID: clientMessageID,
            createdAt: time.now()
        )
    }
}
