import Actors

/// What sessions ask the store for when they come and when they have been away, each kind in groups.
struct SessionReads: Sendable {
    struct RecordRequest: Hashable, Sendable {
        let session: SessionID
        let user: UserID
    }

    struct MissedRequest: Sendable {
        let user: UserID
        let cursors: [ConversationID: Int64]
        let stamp: Stamp?
    }

    struct Missed: Sendable {
        var conversations: [MissedConversation]
        let watermark: Stamp
    }

    struct UpdatesRequest: Sendable {
        let user: UserID
        let position: UpdatesPosition
        let limit: Int
    }

    struct ContactsRequest: Sendable {
        let user: UserID
        let limit: Int
    }

    struct PositionRequest: Sendable {
        let conversation: ConversationID
        let stamp: Stamp
    }

    struct MessagesRequest: Sendable {
        let after: [ConversationID: Int64]
        let each: Int
        let limit: Int
    }

    let records: ReadGroups<RecordRequest, SessionRecord?>
    let channels: ReadGroups<UserID, [ChannelName]>
    let missed: ReadGroups<MissedRequest, Missed>
    let updates: ReadGroups<UpdatesRequest, UpdatesPage>
    let messages: ReadGroups<MessagesRequest, [Message]>
    let contacts: ReadGroups<ContactsRequest, [UserID]>
    /// The last number of a conversation at a stamp.
    let positions: ReadGroups<PositionRequest, Int64>
}
