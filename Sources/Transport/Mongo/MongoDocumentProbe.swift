package import Actors

/// The BSON document of a message alone, for measurements.
package enum MongoDocumentProbe {
    /// - Returns: how many bytes the document has that is stored of `message`.
    package static func encodedBytes(of message: Message) -> Int {
        message.document(stamp: Stamp(0)).bytes.count
    }
}
