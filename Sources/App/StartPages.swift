import Glibc
import ServiceLifecycle

/// The pages of code that the start has touched: of this program and its libraries, and most of them never needed again.
enum StartPages {
    /// Gives them back. They stay in the page cache, from where the kernel maps again what is needed; nothing is lost, as nobody writes to code.
    static func release() {
        for range in codeRanges() {
            // A failure leaves them where they are.
            _ = madvise(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count, MADV_DONTNEED)
        }
    }

    /// Where this process has code.
    ///
    /// The kernel hands the file over in pieces, and a short one isn't the last: it is read line by line, up to its end.
    static func codeRanges() -> [Range<UInt>] {
        guard let maps = fopen("/proc/self/maps", "re") else { return [] }
        defer { fclose(maps) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        var ranges: [Range<UInt>] = []
        while getline(&line, &capacity, maps) > 0 {
            if let line, let range = codeRange(String(cString: line)) { ranges.append(range) }
        }
        return ranges
    }

    /// Where a line of proc_pid_maps(5) is about a file's code that can't be written.
    ///
    /// What is only read is left alone: it may be what the loader has written to before it took the right to write away.
    static func codeRange(_ line: some StringProtocol) -> Range<UInt>? {
        let fields = line.split(separator: " ")
        guard fields.count >= 6, fields[1] == "r-xp", fields[5].hasPrefix("/") else { return nil }
        let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
        guard bounds.count == 2, bounds[0] < bounds[1] else { return nil }
        return bounds[0]..<bounds[1]
    }
}

/// Gives back what the start has touched, once all services have begun.
struct StartPagesService: Service {
    func run() async {
        // By then each has had its first rounds; an instance that stops before needs it no more.
        let hasBegun: Void? = try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(2)) }
        if hasBegun != nil { StartPages.release() }
    }
}
