import Actors
import Hummingbird

extension Request {
    /// A whole number from the query; `fallback` where it isn't given.
    ///
    /// - Throws: `RequestError` for anything outside `range`.
    func integer<Number: FixedWidthInteger & Sendable>(
        _ name: String,
        in range: ClosedRange<Number>,
        default fallback: Number
    ) throws(RequestError) -> Number {
        try integer(name, in: range) ?? fallback
    }

    /// A whole number from the query; nil where it isn't given.
    func integer<Number: FixedWidthInteger & Sendable>(_ name: String, in range: ClosedRange<Number>) throws(RequestError) -> Number? {
        guard let text = uri.queryParameters[Substring(name)] else { return nil }
        guard let number = Number(text), range.contains(number) else {
            throw RequestError(.badRequest, "\(name): a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A text from the query; empty where it isn't given.
    func text(_ name: String, limit: Int = 64) throws(RequestError) -> String {
        let text = uri.queryParameters[Substring(name)].map(String.init) ?? ""
        guard text.unicodeScalars.count <= limit else { throw RequestError(.badRequest, "\(name): at most \(limit) characters") }
        return text
    }
}

extension APIContext {
    /// An id from the path.
    func id<Entity>(_ name: String, _ type: Identifier<Entity>.Type) throws(RequestError) -> Identifier<Entity> {
        guard let text = parameters.get(name), let id = Identifier<Entity>(text) else {
            throw RequestError(.badRequest, "\(name): an id of 36 lower-case characters")
        }
        return id
    }
}

/// Runs `body` and gives a store's failure the API's words.
func asking<Value: Sendable>(_ body: () async throws(StoreError) -> Value) async throws(RequestError) -> Value {
    do {
        return try await body()
    } catch {
        throw RequestError(error)
    }
}
