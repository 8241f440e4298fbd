/// A client frame's fields as JSON has them, before any rule: a field of a wrong type doesn't hide the others.
struct FrameFields: Decodable {
    /// What stands under a name; JSON's `null` counts as absent.
    enum Text: Hashable {
        case absent
        case value(String)
        case wrongType
    }

    let type: Text
    let ref: Text
    let token: Text
    let clientMessageID: Text
    let content: Text
    let recipientID: Text
    let channelID: Text

    private enum CodingKeys: String, CodingKey {
        case type
        case ref
        case token
        case clientMessageID = "clientMessageId"
        case content
        case recipientID = "recipientId"
        case channelID = "channelId"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func text(_ key: CodingKeys) throws -> Text {
            do {
                guard let value = try container.decodeIfPresent(String.self, forKey: key) else { return .absent }
                return .value(value)
            } catch DecodingError.typeMismatch {
                return .wrongType
            }
        }
        type = try text(.type)
        ref = try text(.ref)
        token = try text(.token)
        clientMessageID = try text(.clientMessageID)
        content = try text(.content)
        recipientID = try text(.recipientID)
        channelID = try text(.channelID)
    }
}
