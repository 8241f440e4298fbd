/// One instance.
enum Server {
    static func run(_ settings: Settings) async throws {}
}
