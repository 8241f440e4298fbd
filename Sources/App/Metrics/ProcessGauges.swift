import FoundationEssentials
import Glibc

/// What the system says of this process, under the names that Prometheus' own client libraries use.
struct ProcessGauges: Sendable {
    private let cpuSeconds: GaugeCell
    private let residentBytes: GaugeCell
    private let virtualBytes: GaugeCell
    private let openFiles: GaugeCell
    private let maxFiles: GaugeCell
    private let threads: GaugeCell
    private let startTime: GaugeCell

    /// - Parameter startedAt: seconds since 1970.
    init(_ registry: PrometheusRegistry, startedAt: Double) {
        cpuSeconds = registry.gauge("process_cpu_seconds_total")
        residentBytes = registry.gauge("process_resident_memory_bytes")
        virtualBytes = registry.gauge("process_virtual_memory_bytes")
        openFiles = registry.gauge("process_open_fds")
        maxFiles = registry.gauge("process_max_fds")
        threads = registry.gauge("process_threads")
        startTime = registry.gauge("process_start_time_seconds")
        startTime.set(startedAt)
    }

    func update() {
        var usage = rusage()
        if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 { cpuSeconds.set(usage.ru_utime.seconds + usage.ru_stime.seconds) }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 { maxFiles.set(Double(limit.rlim_cur)) }
        // One less, as the folder itself is open while it is read.
        if let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") { openFiles.set(Double(files.count - 1)) }
        // The fields of proc(5), counted behind the name, which may hold spaces.
        guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8), let end = text.lastIndex(of: ")") else { return }
        let fields = text[end...].split(separator: " ")
        guard fields.count > 22, let count = Double(fields[18]), let size = Double(fields[21]), let pages = Double(fields[22]) else {
            return
        }
        threads.set(count)
        virtualBytes.set(size)
        residentBytes.set(pages * Double(sysconf(Int32(_SC_PAGESIZE))))
    }
}

extension timeval {
    fileprivate var seconds: Double { Double(tv_sec) + Double(tv_usec) / 1e6 }
}
