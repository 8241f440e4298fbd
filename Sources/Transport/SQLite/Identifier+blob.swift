import Actors
import FoundationEssentials
import GRDB

extension Identifier {
    /// The 16 bytes in network order, so that blobs sort as ids do.
    var blob: Data {
        var bytes = (high.bigEndian, low.bigEndian)
        return withUnsafeBytes(of: &bytes) { Data($0) }
    }

    init?(blob: Data) {
        guard blob.count == 16 else { return nil }
        let words = blob.reduce(into: (high: UInt64(0), low: UInt64(0))) { words, byte in
            words.high = words.high << 8 | words.low >> 56
            words.low = words.low << 8 | UInt64(byte)
        }
        self.init(high: words.high, low: words.low)
    }
}

extension String {
    var utf8Blob: Data {
        Data(utf8)
    }
}
