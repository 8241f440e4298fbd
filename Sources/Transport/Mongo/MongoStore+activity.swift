package import Actors

extension MongoStore {
    package func record(_ minute: ActivityMinute) async throws(StoreError) {
        var counts: BSONDocument = [:]
        for figure in ActivityFigure.allCases { counts.append(figure.field, .int64(Int64(minute.counts[figure]))) }
        let statement: BSONDocument = [
            "q": .document(["minute": .int64(minute.minute), "instance": .string(minute.instanceID)]),
            "u": .document(["$set": .document(counts)]), "upsert": .bool(true),
        ]
        try await perform { client in
            _ = try client.write(["update": .string(MongoSchema.activity), "updates": .array([.document(statement)])])
        }
    }

    package func activity(of instanceID: String, in minute: Int64) async throws(StoreError) -> ActivityCounts? {
        let filter: BSONDocument = ["minute": .int64(minute), "instance": .string(instanceID)]
        return try await perform { client in
            try client.find(MongoSchema.activity, filter, ["limit": .int64(1)]).first.map { try ActivityCounts($0) }
        }
    }

    package func activity(in minutes: Range<Int64>, step: Int64) async throws(StoreError) -> [ActivitySpan] {
        let span: BSONDocument = ["$mod": .array([.string("$_id"), .int64(max(1, step))])]
        let stages: [BSONDocument] = [
            ["$match": .document(["minute": .document(["$gte": .int64(minutes.lowerBound), "$lt": .int64(minutes.upperBound)])])],
            ["$group": .document(Self.group(by: .string("$minute")) { $0.isAddedOverInstances })],
            [
                "$group": .document(
                    Self.group(by: .document(["$subtract": .array([.string("$_id"), .document(span)])])) { $0.isAddedOverMinutes }
                )
            ],
            ["$sort": .document(["_id": .int32(1)])],
        ]
        return try await perform { client in
            try client.aggregate(MongoSchema.activity, stages).map { document in
                ActivitySpan(start: try document.integer("_id"), counts: try ActivityCounts(document))
            }
        }
    }

    package func forgetActivity(before minute: Int64) async throws(StoreError) {
        let deletion: BSONDocument = ["q": .document(["minute": .document(["$lt": .int64(minute)])]), "limit": .int32(0)]
        try await perform { client in
            _ = try client.write(["delete": .string(MongoSchema.activity), "deletes": .array([.document(deletion)])])
        }
    }

    private static func group(by key: BSONValue, _ isAdded: (ActivityFigure) -> Bool) -> BSONDocument {
        var group: BSONDocument = ["_id": key]
        for figure in ActivityFigure.allCases {
            group.append(figure.field, .document([isAdded(figure) ? "$sum" : "$max": .string("$\(figure.field)")]))
        }
        return group
    }
}

extension ActivityCounts {
    fileprivate init(_ document: BSONDocument) throws {
        self.init()
        for figure in ActivityFigure.allCases { self[figure] = Int(try document.integer(figure.field)) }
    }
}

extension ActivityFigure {
    fileprivate var field: String { "\(self)" }
}
