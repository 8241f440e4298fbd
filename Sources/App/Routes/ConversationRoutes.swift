import Actors
import Foundation
import HTTPTypes
import Hummingbird
import Transport

/// The conversations of a user, their history, and sending by HTTP.
struct ConversationRoutes: Sendable {
    let store: any Store
    let messaging: Messaging
    let access: ConversationAccess

    private struct List: Encodable {
        let conversations: [ConversationPayload]
        let next: String?
    }

    private struct History: Encodable {
        let messages: [MessagePayload]
        let hasMore: Bool
    }

    private struct Sent: Encodable {
        let message: MessagePayload
        let duplicate: Bool?
    }

    func add(to api: RouterGroup<APIContext>) {
        api.get("conversations") { request, context in
            let principal = try context.requirePrincipal()
            let after = try after(request)
            let limit = try request.integer("limit", in: 1...500, default: 200)
            let page = try await asking { () async throws(StoreError) in
                try await store.conversations(of: principal.userID, after: after, limit: limit)
            }
            let conversations = page.conversations.map { ConversationPayload($0, reader: principal.userID) }
            return try JSONBody.response(List(conversations: conversations, next: page.next?.description))
        }
        api.get("conversations/:conversationId/messages") { request, context in
            let principal = try context.requirePrincipal()
            return try JSONBody.response(try await history(request, conversation: context.parameters.get("conversationId"), of: principal))
        }
        api.post("messages") { request, context in
            let principal = try context.requirePrincipal()
            let command = try FrameDecoder.decodeSend(try await request.body.collect(upTo: JSONBody.limit))
            let answers = await messaging.send([command], from: principal, over: .http)
            guard let receipt = try answers.first?.get() else { throw RequestError(.internalError, "No answer.") }
            let sent = Sent(
                message: MessagePayload(receipt.message, showsClientMessageID: true),
                duplicate: receipt.isDuplicate ? true : nil
            )
            return try JSONBody.response(sent, status: receipt.isDuplicate ? .ok : .created)
        }
    }

    private func after(_ request: Request) throws(RequestError) -> ConversationPosition? {
        guard let text = request.uri.queryParameters["after"] else { return nil }
        guard let position = ConversationPosition(String(text)) else {
            throw RequestError(.badRequest, "after: as next of the page before gave it")
        }
        return position
    }

    private func history(_ request: Request, conversation text: String?, of principal: Principal) async throws(RequestError) -> History {
        guard let conversation = text?.removingPercentEncoding.flatMap({ ConversationID($0) }) else {
            throw RequestError(.badRequest, "conversationId: dm:<userId>:<userId> with the lower id first, or ch:<name>")
        }
        let sequence: ClosedRange<Int64> = 0...Int64.max
        let before = try request.integer("before", in: sequence)
        let after = try request.integer("after", in: sequence)
        guard before == nil || after == nil else { throw RequestError(.badRequest, "before, after: one of them, not both") }
        let limit = try request.integer("limit", in: 1...200, default: 50)
        try await access.check(conversation, for: principal.userID)
        let page = try await asking { () async throws(StoreError) in
            try await store.messages(in: conversation, before: before, after: after, limit: limit)
        }
        return History(
            messages: page.messages.map { MessagePayload($0, showsClientMessageID: $0.senderID == principal.userID) },
            hasMore: page.hasMore
        )
    }
}
