import Actors
import ArgumentParser
import Transport

/// Tries everything a server needs, without serving.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Try the settings, Redis and the store; exit status 1 where one of them fails.",
        discussion: "Settings that can't be used end it with status 78, as they end serve."
    )

    @OptionGroup var config: ConfigOption

    func run() async throws {
        let settings = try config.settings()
        LogSystem.startQuietly(settings)
        var table = CheckTable()
        table.add("settings", .passed("instance \(settings.instance.id), NODE_ENV \(settings.instance.environment)"))
        table.add("redis", await redis(settings))
        table.add("store", await store(settings))
        if table.hasFailure { throw ExitCode(ExitError.Status.failure.rawValue) }
    }

    private func redis(_ settings: Settings) async -> CheckTable.Outcome {
        guard let redis = settings.redis else { return .skipped("REDIS_URL is not set: a single instance") }
        do throws(RedisError) {
            let probe = RedisProbe(configuration: redis, time: SystemTime())
            let roundTrip = try await probe.roundTrip(timeout: settings.bus.initTimeout)
            return .passed("\(redis): publish to subscribe in \(roundTrip.inMilliseconds)")
        } catch {
            return .failed("\(redis): \(error)")
        }
    }

    private func store(_ settings: Settings) async -> CheckTable.Outcome {
        let clock = ContinuousClock()
        let start = clock.now
        do {
            let store = try await Instance.openStore(settings)
            let outcome: Result<Void, StoreError>
            do throws(StoreError) {
                try await store.selfTest()
                outcome = .success(())
            } catch {
                outcome = .failure(error)
            }
            await store.close()
            try outcome.get()
            return .passed("\(settings.database.uri.name): opened, written, read in \((clock.now - start).inMilliseconds)")
        } catch let error as StoreError {
            return .failed("\(settings.database.uri.name): \(error.detail)")
        } catch {
            return .failed("\(error)")
        }
    }
}

extension Duration {
    fileprivate var inMilliseconds: String {
        let hundredths = Int((self / .milliseconds(1) * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) ms"
    }
}
