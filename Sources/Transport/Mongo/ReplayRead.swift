import Actors

/// Messages for several sessions that read on: two queries for all of them. The first is the conversations' last numbers, from which it
/// follows what will be read.
struct ReplayRead {
    /// Up to so many ranges are read one by one: each is a walk along the index, where a query for all of them is planned anew.
    private static let rangesOneByOne = 4

    private let requests: [SessionReads.MessagesRequest]
    /// Of each request what it is to have, in the order of the conversations' names.
    private let parts: [[(conversation: ConversationID, seqs: ClosedRange<Int64>)]]

    init(_ requests: [SessionReads.MessagesRequest], _ client: MongoClient) throws {
        self.requests = requests
        let ids = Set(requests.flatMap(\.after.keys)).map { BSONValue.conversation($0) }
        let found = try client.find(
            MongoSchema.conversations,
            ["_id": SessionReads.among(ids)],
            ["projection": .document(["lastSeq": .int32(1)])]
        )
        let lastSeqs = try found.map { (try $0.conversationID("_id"), try $0.integer("lastSeq")) }
            .sorted { $0.0.description < $1.0.description }
        parts = requests.map { request in
            var room = Int64(request.limit)
            var parts: [(ConversationID, ClosedRange<Int64>)] = []
            for (id, lastSeq) in lastSeqs where room > 0 {
                guard let seen = request.after[id].map({ max(0, $0) }) else { continue }
                let wanted = min(Int64(request.each), lastSeq - seen, room)
                guard wanted > 0 else { continue }
                room -= wanted
                parts.append((id, (seen + 1)...(seen + wanted)))
            }
            return parts
        }
    }

    func answers(_ client: MongoClient) throws -> [[Message]] {
        let ranges = Self.joined(parts.flatMap(\.self))
        guard !ranges.isEmpty else { return requests.map { _ in [] } }
        let filters = ranges.map { id, seqs -> BSONDocument in
            let numbers: BSONDocument = ["$gte": .int64(seqs.lowerBound), "$lte": .int64(seqs.upperBound)]
            return ["conversationId": .conversation(id), "seq": .document(numbers)]
        }
        let found =
            filters.count > Self.rangesOneByOne
            ? try client.find(MongoSchema.messages, ["$or": .array(filters.map(BSONValue.document))])
            : try filters.flatMap { try client.find(MongoSchema.messages, $0) }
        let messages = Dictionary(grouping: try found.map { try Message($0) }, by: \.conversationID)
            .mapValues { $0.sorted { $0.seq < $1.seq } }
        return parts.map { parts in
            parts.flatMap { id, seqs in (messages[id] ?? []).filter { seqs.contains($0.seq) } }
        }
    }

    /// The same numbers in ranges that don't overlap.
    private static func joined(
        _ parts: [(conversation: ConversationID, seqs: ClosedRange<Int64>)]
    ) -> [(ConversationID, ClosedRange<Int64>)] {
        var joined: [(ConversationID, ClosedRange<Int64>)] = []
        for (id, parts) in Dictionary(grouping: parts, by: \.conversation) {
            var open: ClosedRange<Int64>?
            for seqs in parts.map(\.seqs).sorted(by: { $0.lowerBound < $1.lowerBound }) {
                guard let known = open else {
                    open = seqs
                    continue
                }
                if seqs.lowerBound <= known.upperBound + 1 {
                    open = known.lowerBound...max(known.upperBound, seqs.upperBound)
                } else {
                    joined.append((id, known))
                    open = seqs
                }
            }
            if let open { joined.append((id, open)) }
        }
        return joined
    }
}
