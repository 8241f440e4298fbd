import Actors

/// The highest stamp that a majority has.
///
/// What was the highest once stays a floor: only what is above it is looked at.
final class LatestStamp: Sendable {
    private let floor = Locked(Stamp(0))

    /// - Returns: the highest stamp, less the time in which one below it may still appear.
    func watermark(_ client: MongoClient) throws -> Stamp {
        let latest = try highest(client)
        let overlap = UInt64(MongoStore.overlap.components.seconds) << 32
        return Stamp(latest.value > overlap ? latest.value - overlap : 0)
    }

    private func highest(_ client: MongoClient) throws -> Stamp {
        let least = floor.withLock { $0 }
        func highest(_ field: String) -> [BSONDocument] {
            [
                ["$match": .document([field: .document(["$gte": .timestamp(max(1, least.value))])])],
                ["$sort": .document([field: .int32(-1)])],
                ["$limit": .int32(1)],
                ["$project": .document(["_id": .int32(0), "stamp": .string("$\(field)")])],
            ]
        }
        let others = [(MongoSchema.memberships, "stamp"), (MongoSchema.users, "kickStamp"), (MongoSchema.sessions, "kickStamp")]
        let unions = others.map { collection, field -> BSONDocument in
            let pipeline = BSONValue.array(highest(field).map(BSONValue.document))
            return ["$unionWith": .document(["coll": .string(collection), "pipeline": pipeline])]
        }
        let found = try client.aggregate(MongoSchema.conversations, highest("stamp") + unions)
        let latest = try found.map { try $0.stamp("stamp") }.max() ?? least
        return floor.withLock { floor in
            floor = max(floor, latest)
            return floor
        }
    }
}
