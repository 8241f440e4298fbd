import Actors
import Hummingbird

/// How much has happened, for charts. Stands behind `AdminMiddleware`.
struct AnalyticsRoutes: Sendable {
    let store: any Store
    let activity: ActivityRecorder
    let time: any TimeSource

    private enum Window: String, CaseIterable {
        case hour = "1h"
        case day = "24h"
        case week = "7d"
        case month = "30d"

        var minutes: Int64 {
            switch self {
            case .hour: 60
            case .day: 1_440
            case .week: 10_080
            case .month: 43_200
            }
        }

        /// The minutes of a point. An hour is a whole number of points or a whole point, or hours of the day could not be told.
        var step: Int64 {
            switch self {
            case .hour: 1
            case .day: 10
            case .week, .month: 60
            }
        }
    }

    private struct Point: Encodable {
        let time: String
        let onlineUsers: Int
        let connections: Int
        let messages: Int
    }

    private struct Hour: Encodable {
        /// Of the day, in UTC.
        let hour: Int
        let messages: Int
    }

    private struct Sockets: Encodable {
        let sockets: Int
        let orMore: Bool?
        let users: Int
    }

    private struct Length: Encodable {
        let upToSeconds: Int64?
        let connections: Int
    }

    private struct Answer: Encodable {
        let window: String
        let bucketMinutes: Int64
        let series: [Point]
        let activityByHour: [Hour]
        let socketsPerUser: [Sockets]
        let sessionLengths: [Length]
    }

    func add(to admin: RouterGroup<APIContext>) {
        admin.get("analytics") { request, _ in
            let text = try request.text("window")
            guard let window = text.isEmpty ? .day : Window(rawValue: text) else {
                let allowed = Window.allCases.map(\.rawValue).joined(separator: ", ")
                throw RequestError(.badRequest, "window: one of \(allowed)")
            }
            return try JSONBody.response(try await answer(window))
        }
    }

    private func answer(_ window: Window) async throws(RequestError) -> Answer {
        let step = window.step
        let last = time.now().milliseconds / 60_000 / step * step
        let first = last - window.minutes + step
        let stored = try await asking { () async throws(StoreError) in try await store.activity(in: first..<last + step, step: step) }
        var counts = Dictionary(stored.map { ($0.start, $0.counts) }, uniquingKeysWith: { first, _ in first })
        let running = await activity.current
        // This instance's minute that isn't over; those of the others come with their ends.
        counts[running.start / step * step, default: ActivityCounts()].mergeMinute(running.counts)
        let spans = stride(from: first, through: last, by: Int64.Stride(step)).map {
            ActivitySpan(start: $0, counts: counts[$0] ?? ActivityCounts())
        }
        return Answer(
            window: window.rawValue,
            bucketMinutes: step,
            series: spans.map(Self.point),
            activityByHour: Self.hours(spans),
            socketsPerUser: Self.sockets(spans),
            sessionLengths: ActivityFigure.connectionLengths.map { figure, seconds in
                Length(upToSeconds: seconds, connections: spans.reduce(0) { $0 + $1.counts[figure] })
            }
        )
    }

    private static func point(_ span: ActivitySpan) -> Point {
        Point(
            time: Timestamp(milliseconds: span.start * 60_000).description,
            onlineUsers: span.counts[.users],
            connections: span.counts[.connections],
            messages: span.counts[.messages]
        )
    }

    private static func hours(_ spans: [ActivitySpan]) -> [Hour] {
        var messages = [Int](repeating: 0, count: 24)
        for span in spans { messages[Int(span.start / 60 % 24)] += span.counts[.messages] }
        return messages.enumerated().map { Hour(hour: $0.offset, messages: $0.element) }
    }

    /// The latest that was noted: how it is now, or was when somebody was here last.
    private static func sockets(_ spans: [ActivitySpan]) -> [Sockets] {
        let figures = ActivityFigure.connectionsPerUser
        let latest = spans.last { span in span.counts[.connections] > 0 }
        return figures.enumerated().map { index, figure in
            Sockets(sockets: index + 1, orMore: index == figures.count - 1 ? true : nil, users: latest?.counts[figure] ?? 0)
        }
    }
}
