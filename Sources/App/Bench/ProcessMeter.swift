import FoundationEssentials
import Glibc

/// What a process of this machine uses.
struct ProcessMeter: Sendable {
    let processID: Int32

    static var own: ProcessMeter { ProcessMeter(processID: getpid()) }

    /// Processor time so far, user and system, of all its threads, those that have ended included; in nanoseconds and not, as in
    /// `/proc`, in steps of 10 ms.
    func processorTime() throws -> Duration {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(processID, &clock) == 0, clock_gettime(clock, &time) == 0 else {
            throw BenchFailure("process \(processID) has ended")
        }
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// Resident memory in bytes (`VmRSS` in proc_pid_status(5)).
    func residentBytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8)
        for line in status.split(separator: "\n") where line.hasPrefix("VmRSS:") {
            let fields = line.split { $0 == " " || $0 == "\t" }
            if fields.count >= 2, let kibibytes = Int(fields[1]) { return kibibytes * 1_024 }
        }
        throw BenchFailure("process \(processID) has ended")
    }

    /// Open file descriptors.
    func openFiles() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(processID)/fd").count
    }

    /// Resident memory once it has stopped changing: read twice a second until seven readings lie within 64 KiB, but at most 15 s long.
    ///
    /// They span 3 s, so that an instance that has only just begun isn't taken for settled before it has given back what its start touched.
    func settledResidentBytes() async throws -> Int {
        var readings = [try residentBytes()]
        for _ in 0..<30 {
            try await Task.sleep(for: .milliseconds(500))
            readings.append(try residentBytes())
            let last = readings.suffix(7)
            if last.count == 7, let low = last.min(), let high = last.max(), high - low <= 64 * 1_024 { break }
        }
        return readings[readings.count - 1]
    }
}
