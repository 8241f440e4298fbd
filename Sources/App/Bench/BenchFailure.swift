/// Why a benchmark could not be carried through, or why its figures can't be believed.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String
    /// What was measured all the same.
    let figures: [Figure]

    init(_ description: String, figures: [Figure] = []) {
        self.description = description
        self.figures = figures
    }
}
