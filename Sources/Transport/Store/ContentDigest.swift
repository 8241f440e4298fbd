import Actors
import COpenSSL

/// What a changed message keeps of the content that was sent: enough to know a repeated send, too little to read it.
enum ContentDigest {
    /// SHA-256 of the UTF-8 text; empty, and so the digest of nothing, should libcrypto fail.
    static func of(_ content: String) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        let bytes = Array(content.utf8)
        guard EVP_Digest(bytes, bytes.count, &digest, &count, EVP_sha256(), nil) == 1 else { return [] }
        return Array(digest.prefix(Int(count)))
    }
}

extension MessageDraft {
    /// Whether a send of this draft repeats the one that made `message`.
    ///
    /// - Parameter originalDigest: of what was sent, where the message's content was changed since.
    func repeats(_ message: Message, originalDigest: [UInt8]?, in conversation: ConversationID) -> Bool {
        guard message.conversationID == conversation else { return false }
        guard let originalDigest else { return message.content.utf8.elementsEqual(content.utf8) }
        return ContentDigest.of(content) == originalDigest
    }
}
