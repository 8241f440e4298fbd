/// Runs `body`, and `cleanUp` after it, however it ends.
package func doing<Value>(
    _ body: () async throws -> Value,
    finally cleanUp: () async -> Void
) async throws -> Value {
    do {
        let value = try await body()
        await cleanUp()
        return value
    } catch {
        await cleanUp()
        throw error
    }
}
