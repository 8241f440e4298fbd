import LocalCluster
import Transport

/// What the same disk does with nothing around it.
struct BareCommits: Sendable {
    let duration: Duration

    func run() async throws -> [Figure] {
        let directory = try TemporaryDirectory()
        var figures: [Figure] = []
        for batch in [1, 50] {
            let path = directory.path(of: "bare-\(batch).db")
            let commits = try await SQLiteCommitProbe.commits(path: path, rowsEach: batch, for: duration)
            var latencies = Latencies()
            for commit in commits { latencies.record(commit) }
            let seconds = commits.reduce(.zero, +) / .seconds(1)
            let measure = "inserts, \(batch) in a commit"
            figures.append(Figure("bare SQLite", measure, Double(commits.count * batch) / seconds, "/s"))
            figures += latencies.figures("bare SQLite", "commit of \(batch)")
        }
        return figures
    }
}
