import Transport

/// What is stored.
extension MicroStep {
    static let documents = [
        MicroStep("bson-encode", "a message as a BSON document") {
            let message = try Sample.message()
            return Prepared { count in
                for _ in 0..<count {
                    guard MongoDocumentProbe.encodedBytes(of: message) > 5 else { throw MicroStepFailure("nothing was written") }
                }
            }
        }
    ]
}
