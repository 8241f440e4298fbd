import HTTPTypes
import Hummingbird
import Metrics
import NIOCore

/// Answers `GET /metrics`.
struct MetricsRoute: Sendable {
    let registry: PrometheusRegistry
    let gauges: InstanceGauges

    func add<Context: RequestContext>(to router: Router<Context>) {
        router.get("metrics") { _, _ in
            await gauges.update()
            return Response(
                status: .ok,
                headers: [.contentType: PrometheusText.contentType, .cacheControl: "no-store"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: PrometheusText.write(registry.snapshot)))
            )
        }
    }
}

/// Measures how long requests take, by the class of their answer's status.
struct RequestTimeMiddleware: RouterMiddleware {
    private let timers: [Metrics.Timer]

    init(factory: any MetricsFactory = MetricsSystem.factory) {
        timers = (1...5).map { number in
            Timer(
                label: "switchboard_http_request_duration_seconds",
                dimensions: [("status", "\(number)xx")],
                factory: factory
            )
        }
    }

    func handle(
        _ request: Request,
        context: APIContext,
        next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let began = ContinuousClock.now
        let response = try await next(request, context)
        let index = response.status.code / 100 - 1
        if timers.indices.contains(index) { timers[index].record(duration: .now - began) }
        return response
    }
}
