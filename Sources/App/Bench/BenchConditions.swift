import FoundationEssentials
import Glibc

/// Where and how figures were measured, in a sentence.
struct BenchConditions: Sendable {
    private let load: String
    private let seconds: Int
    private let runs: Int

    /// To be made before anything is measured.
    init(seconds: Int, runs: Int) {
        let fields = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8))?.split(separator: " ") ?? []
        load = fields.first.map(String.init) ?? "unknown"
        self.seconds = seconds
        self.runs = runs
    }

    var text: String {
        """
        Measured on \(Self.day) on \(sysconf(Int32(_SC_NPROCESSORS_ONLN))) cores, \(runs == 1 ? "one run" : "\(runs) runs") of \(seconds) s a measurement; the \
        machine's load was \(load) when it began.
        """
    }

    private static var day: String { String(Date.now.formatted(.iso8601).prefix(10)) }
}
